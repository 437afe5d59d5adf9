//! The listening socket, one for each loop.

use crate::ServerConfig;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Whether the kernel spreads connections over several listeners of one port.
const SPREADS: bool = cfg!(target_os = "linux");

/// Listeners for `count` loops, on the first of the addresses that can be bound.
pub(crate) fn bind_group(
    addr: impl ToSocketAddrs,
    config: &ServerConfig,
    count: usize,
) -> io::Result<Vec<TcpListener>> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on");
    for addr in addr.to_socket_addrs()? {
        match bind_addr(addr, config, count) {
            Ok(listeners) => return Ok(listeners),
            Err(error) => {
                last = io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}"));
            }
        }
    }
    Err(last)
}

fn bind_addr(
    addr: SocketAddr,
    config: &ServerConfig,
    count: usize,
) -> io::Result<Vec<TcpListener>> {
    if count <= 1 || !SPREADS {
        let first = listen(addr, config, Sharing::Alone)?;
        let mut listeners: Vec<_> =
            (1..count).map(|_| first.try_clone()).collect::<Result<_, _>>()?;
        listeners.push(first);
        return Ok(listeners);
    }
    if addr.port() != 0 {
        // Another process of this user that shares its port would share it with us, silently. A
        // listener that shares nothing finds out whether there is one.
        drop(listen(addr, config, Sharing::Alone)?);
    }
    let first = listen(addr, config, Sharing::Group)?;
    let addr = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(listen(addr, config, Sharing::Group)?);
    }
    Ok(listeners)
}

/// Whether other listeners may have the same port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    Group,
}

fn listen(addr: SocketAddr, config: &ServerConfig, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // On Unix this lets a restarted server have its port while old connections are in TIME_WAIT,
    // and still fails while another one listens. On Windows it would let two listen.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    if sharing == Sharing::Group {
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = sharing;
    // Linux hands it on to each accepted socket, which saves a system call there.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(config.backlog.into())?;
    Ok(socket.into())
}

/// Takes what still waits, and then lets nobody in, on no duplicate of this socket either.
pub(crate) fn take_rest(listener: &TcpListener) -> Vec<(std::net::TcpStream, SocketAddr)> {
    let mut rest = Vec::new();
    loop {
        match listener.accept() {
            Ok(accepted) => rest.push(accepted),
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => break,
        }
    }
    // Only Linux knows this for a listener. Elsewhere it stops when its last duplicate is closed.
    drop(SockRef::from(listener).shutdown(std::net::Shutdown::Read));
    rest
}

/// Whether an error of `accept` concerns the connection that was about to be accepted, and not the
/// listener.
pub(crate) fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
