//! Where to listen, and how.

#[cfg(feature = "tls")]
use crate::TlsConfig;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// An address to listen on, as it is written in a config file or on a command line.
///
/// | written | what it is |
/// |---|---|
/// | `127.0.0.1:8888`, `[::1]:80`, `localhost:80` | TCP; port 0 is any free port |
/// | `unix:/run/app.sock` | a Unix socket; its file is made, and removed at the end |
/// | `systemd:` | every socket that was passed on when the process was started |
/// | `systemd:web` | those of this name (`FileDescriptorName=` of the socket unit) |
/// | `fd:3` | the one of this number; the first has the number 3 |
///
/// ```
/// use landspout_server::Address;
///
/// let address: Address = "unix:/run/app.sock".parse()?;
/// assert_eq!(address, Address::Unix("/run/app.sock".into()));
/// assert_eq!(address.to_string(), "unix:/run/app.sock");
/// assert!("8888".parse::<Address>().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A host and a port. Of a name with several addresses, the first that can be had.
    Tcp(String),
    /// The path of a socket's file.
    Unix(PathBuf),
    /// Sockets that were passed on at the start: those of a name, or all.
    Systemd(Option<String>),
    /// The socket that was passed on as this file descriptor.
    Fd(u32),
}

impl FromStr for Address {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Address> {
        let parsed = match text.split_once(':') {
            Some(("unix", "")) | None => None,
            Some(("unix", path)) => Some(Address::Unix(path.into())),
            Some(("systemd", name)) => {
                Some(Address::Systemd((!name.is_empty()).then(|| name.to_owned())))
            }
            Some(("fd", number)) => number.parse().ok().map(Address::Fd),
            Some(_) => {
                let port = text.rsplit_once(':').map_or("", |(_, port)| port);
                port.parse::<u16>().is_ok().then(|| Address::Tcp(text.to_owned()))
            }
        };
        parsed.ok_or_else(|| {
            let message = format!(
                "{text:?} is no address: write host:port, unix:/path, systemd:, systemd:name or fd:3"
            );
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(host) => f.write_str(host),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Systemd(name) => write!(f, "systemd:{}", name.as_deref().unwrap_or("")),
            Address::Fd(number) => write!(f, "fd:{number}"),
        }
    }
}

/// One listener: its address, and what holds for the connections that come through it.
///
/// In TOML it is a string, or a table where more than the address is to be said.
///
/// ```
/// use landspout_server::Listen;
///
/// #[derive(serde::Deserialize)]
/// struct Config {
///     listen: Vec<Listen>,
/// }
///
/// let config: Config = toml::from_str(
///     r#"listen = ["0.0.0.0:80", { address = "unix:/run/app.sock", mode = 0o660 }]"#,
/// )?;
/// assert_eq!(config.listen[0], "0.0.0.0:80".parse()?);
/// assert_eq!(config.listen[1].mode, Some(0o660));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Listen {
    /// Where.
    pub address: Address,

    /// The permissions of a Unix socket's file, such as `0o660`; none leaves them to the umask of
    /// the process. Who may not write to the file may not connect. Other sockets have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,

    /// Whether each connection begins with a preamble of the PROXY protocol, version 1 or 2, by which
    /// a proxy tells of the client; no. Then a connection without one, or from an address that is
    /// not [trusted](crate::ProxyConfig#structfield.trusted), is closed. The preamble has the time
    /// that a request's [head](crate::ServerConfig#structfield.header_timeout) has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub proxy_protocol: bool,

    /// Certificates and keys with which its connections are encrypted; none speaks clear text.
    #[cfg(feature = "tls")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,

    /// Answers each request with a [redirect](crate::HttpsRedirect) to the same URL under https at
    /// this port, instead of with the handler; none does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_redirect: Option<u16>,
}

impl Listen {
    /// Listens on `address`, with the defaults of everything else.
    pub fn new(address: Address) -> Listen {
        Listen {
            address,
            mode: None,
            proxy_protocol: false,
            #[cfg(feature = "tls")]
            tls: None,
            https_redirect: None,
        }
    }

    /// Sets [`mode`](Listen#structfield.mode).
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Listen {
        self.mode = Some(mode);
        self
    }

    /// Sets [`proxy_protocol`](Listen#structfield.proxy_protocol).
    #[must_use]
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Listen {
        self.proxy_protocol = proxy_protocol;
        self
    }

    /// Sets [`tls`](Listen#structfield.tls).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Listen {
        self.tls = Some(tls);
        self
    }

    /// Sets [`https_redirect`](Listen#structfield.https_redirect).
    #[must_use]
    pub fn https_redirect(mut self, port: u16) -> Listen {
        self.https_redirect = Some(port);
        self
    }
}

impl FromStr for Listen {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Listen> {
        text.parse().map(Listen::new)
    }
}

/// What can be listened on: an address or several, in any of the forms that they have.
///
/// A string is parsed as an [`Address`]; a [`Listen`] says more than that.
pub trait ToListen {
    /// The listeners.
    ///
    /// # Errors
    /// It is not an address; the error says what would be one.
    fn to_listen(&self) -> io::Result<Vec<Listen>>;
}

impl ToListen for Listen {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        Ok(vec![self.clone()])
    }
}

impl ToListen for Address {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        Ok(vec![Listen::new(self.clone())])
    }
}

impl ToListen for str {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        Ok(vec![self.parse()?])
    }
}

impl ToListen for String {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        self.as_str().to_listen()
    }
}

impl ToListen for SocketAddr {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        Address::Tcp(self.to_string()).to_listen()
    }
}

impl<T: ToListen> ToListen for [T] {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        let each = self.iter().map(T::to_listen).collect::<Result<Vec<_>, _>>()?;
        Ok(each.into_iter().flatten().collect())
    }
}

impl<T: ToListen, const N: usize> ToListen for [T; N] {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        self.as_slice().to_listen()
    }
}

impl<T: ToListen> ToListen for Vec<T> {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        self.as_slice().to_listen()
    }
}

impl<T: ToListen + ?Sized> ToListen for &T {
    fn to_listen(&self) -> io::Result<Vec<Listen>> {
        (**self).to_listen()
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Address, D::Error> {
        String::deserialize(source)?.parse().map_err(de::Error::custom)
    }
}

/// The table form of a [`Listen`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    address: Address,
    #[serde(default)]
    mode: Option<u32>,
    #[serde(default)]
    proxy_protocol: bool,
    #[cfg(feature = "tls")]
    #[serde(default)]
    tls: Option<TlsConfig>,
    #[serde(default)]
    https_redirect: Option<u16>,
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Listen, D::Error> {
        source.deserialize_any(StringOrTable)
    }
}

struct StringOrTable;

impl<'de> Visitor<'de> for StringOrTable {
    type Value = Listen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, or a table with an `address`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Listen, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Listen, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Listen {
            address: table.address,
            mode: table.mode,
            proxy_protocol: table.proxy_protocol,
            #[cfg(feature = "tls")]
            tls: table.tls,
            https_redirect: table.https_redirect,
        })
    }
}
