//! How a SOCKS proxy is asked for a connection.

use super::{ProxyServer, Scheme};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Where the proxy is to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A name that the proxy resolves, and a port.
    Name(String, u16),
    Addr(SocketAddr),
}

/// Why a SOCKS proxy made no connection.
#[derive(Debug)]
pub(crate) enum SocksError {
    Io(io::Error),
    /// What it answered is not SOCKS of this version.
    Malformed,
    /// It wants other credentials, or some at all.
    Credentials,
    /// What cannot be said in this version: in words.
    Unsayable(&'static str),
    /// It refused, by this code.
    Refused(&'static str, u8),
}

/// Asks the proxy at the other end for a connection. After that the I/O leads there.
///
/// # Cancel safety
/// Not safe: the I/O is of no use then.
pub(crate) async fn connect<Io>(
    io: &mut Io,
    proxy: &ProxyServer,
    to: &Destination,
) -> Result<(), SocksError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    match proxy.scheme {
        Scheme::Socks4 { .. } => connect_4(io, proxy, to).await,
        Scheme::Socks5 { .. } | Scheme::Http => connect_5(io, proxy, to).await,
    }
}

/// SOCKS 4, with a name as 4a has it: the address 0.0.0.1 says that a name follows.
async fn connect_4<Io>(io: &mut Io, proxy: &ProxyServer, to: &Destination) -> Result<(), SocksError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let (addr, port, name) = match to {
        Destination::Addr(SocketAddr::V4(addr)) => (addr.ip().octets(), addr.port(), None),
        Destination::Addr(SocketAddr::V6(_)) => {
            return Err(SocksError::Unsayable("SOCKS 4 knows no IPv6 addresses"));
        }
        Destination::Name(name, port) => ([0, 0, 0, 1], *port, Some(name)),
    };
    let user = proxy.credentials.as_ref().map_or("", |(user, _)| user);
    if user.contains('\0') || name.is_some_and(|name| name.contains('\0')) {
        return Err(SocksError::Unsayable("a zero byte ends a SOCKS 4 text"));
    }
    let mut message = vec![4, 1];
    message.extend(port.to_be_bytes());
    message.extend(addr);
    message.extend(user.bytes().chain([0]));
    if let Some(name) = name {
        message.extend(name.bytes().chain([0]));
    }
    io.write_all(&message).await?;
    io.flush().await?;
    let mut reply = [0; 8];
    io.read_exact(&mut reply).await?;
    match (reply[0], reply[1]) {
        (0, 90) => Ok(()),
        (0, 91) => Err(SocksError::Refused("it was rejected or failed", 91)),
        (0, code @ (92 | 93)) => Err(SocksError::Refused("the user's identd did not agree", code)),
        _ => Err(SocksError::Malformed),
    }
}

/// SOCKS 5 (RFC 1928), with user and password where there are some (RFC 1929).
async fn connect_5<Io>(io: &mut Io, proxy: &ProxyServer, to: &Destination) -> Result<(), SocksError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let offer: &[u8] = if proxy.credentials.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    io.write_all(offer).await?;
    io.flush().await?;
    let mut choice = [0; 2];
    io.read_exact(&mut choice).await?;
    match (choice, &proxy.credentials) {
        ([5, 0], _) => {}
        ([5, 2], Some((user, password))) => log_in(io, user, password).await?,
        ([5, 0xff], _) => return Err(SocksError::Credentials),
        _ => return Err(SocksError::Malformed),
    }
    io.write_all(&request_5(to)?).await?;
    io.flush().await?;
    read_reply_5(io).await
}

async fn log_in<Io>(io: &mut Io, user: &str, password: &str) -> Result<(), SocksError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = vec![1];
    for text in [user, password] {
        message.push(length(text, "a SOCKS user or password has at most 255 bytes")?);
        message.extend(text.bytes());
    }
    io.write_all(&message).await?;
    io.flush().await?;
    let mut reply = [0; 2];
    io.read_exact(&mut reply).await?;
    if reply[1] == 0 { Ok(()) } else { Err(SocksError::Credentials) }
}

fn request_5(to: &Destination) -> Result<Vec<u8>, SocksError> {
    let mut message = vec![5, 1, 0];
    let port = match to {
        Destination::Name(name, port) => {
            let len = length(name, "a SOCKS host name has at most 255 bytes")?;
            message.extend([3, len]);
            message.extend(name.bytes());
            *port
        }
        Destination::Addr(addr) => {
            match addr.ip() {
                IpAddr::V4(ip) => message.extend([1].into_iter().chain(ip.octets())),
                IpAddr::V6(ip) => message.extend([4].into_iter().chain(ip.octets())),
            }
            addr.port()
        }
    };
    message.extend(port.to_be_bytes());
    Ok(message)
}

/// The address in it is where the proxy connects from, and of no interest.
async fn read_reply_5<Io: AsyncRead + Unpin>(io: &mut Io) -> Result<(), SocksError> {
    let mut head = [0; 4];
    io.read_exact(&mut head).await?;
    if head[0] != 5 {
        return Err(SocksError::Malformed);
    }
    if head[1] != 0 {
        return Err(SocksError::Refused(meaning_5(head[1]), head[1]));
    }
    let len = match head[3] {
        1 => 4,
        3 => usize::from(io.read_u8().await?),
        4 => 16,
        _ => return Err(SocksError::Malformed),
    };
    let mut rest = [0; 255 + 2];
    io.read_exact(&mut rest[..len + 2]).await?;
    Ok(())
}

/// RFC 1928 §6.
fn meaning_5(code: u8) -> &'static str {
    match code {
        1 => "it failed",
        2 => "its rules do not allow it",
        3 => "the network cannot be reached",
        4 => "the host cannot be reached",
        5 => "the host refused the connection",
        6 => "the connection took too long",
        7 => "it does not make connections",
        8 => "it does not know this kind of address",
        _ => "for a reason of its own",
    }
}

fn length(text: &str, complaint: &'static str) -> Result<u8, SocksError> {
    u8::try_from(text.len()).map_err(|_| SocksError::Unsayable(complaint))
}

impl From<io::Error> for SocksError {
    fn from(error: io::Error) -> SocksError {
        SocksError::Io(error)
    }
}

impl fmt::Display for SocksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocksError::Io(_) => f.write_str("the connection to the SOCKS proxy broke"),
            SocksError::Malformed => f.write_str("the proxy does not speak this version of SOCKS"),
            SocksError::Credentials => f.write_str("the SOCKS proxy wants other credentials"),
            SocksError::Unsayable(why) => f.write_str(why),
            SocksError::Refused(why, code) => {
                write!(f, "the SOCKS proxy made no connection: {why} (code {code})")
            }
        }
    }
}

impl std::error::Error for SocksError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SocksError::Io(error) => Some(error),
            _ => None,
        }
    }
}
