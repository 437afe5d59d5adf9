//! Whose word counts.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Proxies that are believed: those of a network, or those that come over a Unix socket.
///
/// In TOML it is a text: a network such as `"10.0.0.0/8"` or `"fd00::/8"`, one address, or
/// `"unix"`.
///
/// ```
/// use landspout_server::TrustedProxy;
///
/// let proxy: TrustedProxy = "10.0.0.0/8".parse()?;
/// assert!(proxy.includes("10.1.2.3".parse().unwrap()));
/// // An IPv4 client of an IPv6 socket is an IPv4 client.
/// assert!(proxy.includes("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!proxy.includes("192.0.2.1".parse().unwrap()));
/// # Ok::<(), landspout_server::ParseTrustedProxyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxy(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Unix,
    Network(IpNet),
}

impl TrustedProxy {
    /// Whoever is at the other end of a Unix socket of this server.
    pub fn unix() -> TrustedProxy {
        TrustedProxy(Place::Unix)
    }

    /// Whether the proxy at this address is meant.
    pub fn includes(&self, addr: IpAddr) -> bool {
        match &self.0 {
            Place::Unix => false,
            Place::Network(network) => network.contains(&addr.to_canonical()),
        }
    }
}

/// Whether the other end of a connection is trusted; it has no address on a Unix socket.
pub(crate) fn is_trusted(proxies: &[TrustedProxy], peer: Option<IpAddr>) -> bool {
    proxies.iter().any(|proxy| match peer {
        Some(addr) => proxy.includes(addr),
        None => proxy.0 == Place::Unix,
    })
}

impl From<IpAddr> for TrustedProxy {
    fn from(addr: IpAddr) -> TrustedProxy {
        TrustedProxy(Place::Network(addr.to_canonical().into()))
    }
}

impl FromStr for TrustedProxy {
    type Err = ParseTrustedProxyError;

    fn from_str(text: &str) -> Result<TrustedProxy, ParseTrustedProxyError> {
        if text == "unix" {
            return Ok(TrustedProxy::unix());
        }
        if let Ok(addr) = text.parse::<IpAddr>() {
            return Ok(addr.into());
        }
        let network = text.parse().map_err(|_| ParseTrustedProxyError(text.to_owned()))?;
        Ok(TrustedProxy(Place::Network(network)))
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Unix => f.write_str("unix"),
            Place::Network(network) => network.fmt(f),
        }
    }
}

impl Serialize for TrustedProxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TrustedProxy {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<TrustedProxy, D::Error> {
        String::deserialize(source)?.parse().map_err(de::Error::custom)
    }
}

/// A text that names no [`TrustedProxy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTrustedProxyError(String);

impl fmt::Display for ParseTrustedProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no network such as `10.0.0.0/8`, no address and not `unix`", self.0)
    }
}

impl std::error::Error for ParseTrustedProxyError {}
