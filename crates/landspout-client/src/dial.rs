//! From addresses to a socket.

use crate::TcpConfig;
use crate::io::Io;
use crate::resolve::in_turns;
use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};

/// How long one address may take before the next one is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to whichever address answers first: each is given a head start before the next one is
/// tried, and one that fails gives its turn away at once (RFC 8305 §5). The error is that of the
/// first address that failed. With an own address to come from, those of the other family are left
/// out.
///
/// # Cancel safety
/// Dropping the future closes all sockets.
pub(crate) async fn dial(
    mut addrs: Vec<SocketAddr>,
    from: Option<IpAddr>,
    tcp: &TcpConfig,
) -> io::Result<Io> {
    addrs.retain(|addr| from.is_none_or(|from| from.is_ipv6() == addr.is_ipv6()));
    let mut addrs = in_turns(addrs).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        if let Some(addr) = addrs.next() {
            attempts.push(dial_one(addr, from, tcp));
        } else if attempts.is_empty() {
            let none = || io::Error::new(io::ErrorKind::NotFound, "there is no address to try");
            return Err(first_error.unwrap_or_else(none));
        }
        let next = Instant::now() + ATTEMPT_DELAY;
        tokio::select! {
            Some(result) = attempts.next() => match result {
                Ok(stream) => return Ok(Io::Tcp(stream)),
                Err(error) => first_error = first_error.or(Some(error)),
            },
            () = sleep_until(next), if addrs.len() > 0 => {}
        }
    }
}

async fn dial_one(
    addr: SocketAddr,
    from: Option<IpAddr>,
    tcp: &TcpConfig,
) -> io::Result<TcpStream> {
    let socket = if addr.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    set_up(&socket, tcp);
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(addr).await
}

/// A socket that refuses an option still works.
fn set_up(socket: &TcpSocket, tcp: &TcpConfig) {
    let bytes = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let _ = socket.set_nodelay(tcp.nodelay);
    if !tcp.keepalive.is_zero() {
        let keepalive = TcpKeepalive::new().with_time(tcp.keepalive);
        let _ = SockRef::from(socket).set_tcp_keepalive(&keepalive);
    }
    if tcp.send_buffer > 0 {
        let _ = socket.set_send_buffer_size(bytes(tcp.send_buffer));
    }
    if tcp.receive_buffer > 0 {
        let _ = socket.set_recv_buffer_size(bytes(tcp.receive_buffer));
    }
}

/// Connects to a Unix socket.
#[cfg(unix)]
pub(crate) async fn dial_unix(path: &Path) -> io::Result<Io> {
    Ok(Io::Unix(tokio::net::UnixStream::connect(path).await?))
}

/// This system has none.
#[cfg(not(unix))]
pub(crate) async fn dial_unix(_: &Path) -> io::Result<Io> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}
