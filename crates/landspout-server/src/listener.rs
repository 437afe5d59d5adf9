//! A socket that listens.

#[cfg(feature = "tls")]
use crate::Tls;
#[cfg(unix)]
use crate::socket_file::SocketFile;
use crate::stream::{Peer, Stream};
use crate::{Accept, Address, Listen, ServerConfig, inherited};
use socket2::{Domain, Protocol, SockRef, Socket as RawSocket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::Arc;

/// Whether the kernel spreads connections over several listeners of one port.
const SPREADS: bool = cfg!(target_os = "linux");

/// A socket that listens already, and what holds for the connections that come through it.
///
/// [`Server::bind`](crate::Server::bind) makes its own; one is made by hand of a socket that comes
/// from elsewhere, for [`Server::from_listeners`](crate::Server::from_listeners).
///
/// ```
/// use landspout_server::{Listener, Server, ServerConfig};
///
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let addr = socket.local_addr()?;
/// let servers = Server::from_listeners([socket.into()], ServerConfig::default(), 1)?;
/// assert_eq!(servers[0].local_addr(), addr);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    pub(crate) listen: Arc<Listen>,
    /// It was opened by somebody else, who may go on with it when this server has stopped.
    foreign: bool,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Option<Arc<SocketFile>>),
}

impl Listener {
    fn new(socket: Socket, listen: Arc<Listen>, foreign: bool) -> Listener {
        Listener {
            socket,
            listen,
            foreign,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Says what holds for its connections. The [address](Listen::address) is not looked at: it
    /// listens already.
    #[must_use]
    pub fn with(mut self, listen: Listen) -> Listener {
        self.listen = Arc::new(listen);
        self
    }

    /// Speaks TLS with its clients. Clones of a [`Tls`] share its sessions.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Listener {
        self.tls = Some(tls);
        self
    }

    /// Where it listens; of TCP with the port that the system chose for port 0.
    pub fn address(&self) -> Address {
        match &self.socket {
            Socket::Tcp(socket) => match socket.local_addr() {
                Ok(addr) => Address::Tcp(addr.to_string()),
                Err(_) => self.listen.address.clone(),
            },
            #[cfg(unix)]
            Socket::Unix(socket, _) => match socket.local_addr() {
                Ok(addr) => Address::Unix(addr.as_pathname().unwrap_or("".as_ref()).into()),
                Err(_) => self.listen.address.clone(),
            },
        }
    }

    /// The address, if it listens on TCP.
    pub(crate) fn tcp_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(..) => None,
        }
    }

    /// The same socket once more.
    ///
    /// # Errors
    /// There are no file descriptors left.
    pub fn try_clone(&self) -> io::Result<Listener> {
        let socket = match &self.socket {
            Socket::Tcp(socket) => Socket::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            Socket::Unix(socket, file) => Socket::Unix(socket.try_clone()?, file.clone()),
        };
        Ok(Listener {
            socket,
            listen: self.listen.clone(),
            foreign: self.foreign,
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
        })
    }

    /// Watches it on the current loop.
    pub(crate) fn watch(&self) -> io::Result<Acceptor> {
        match self.try_clone()?.socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(socket).map(Acceptor::Tcp)
            }
            #[cfg(unix)]
            Socket::Unix(socket, _) => {
                socket.set_nonblocking(true)?;
                tokio::net::UnixListener::from_std(socket).map(Acceptor::Unix)
            }
        }
    }

    /// Takes a connection that waits, on the current loop, without asking the loop whether one does.
    pub(crate) fn accept_now(&self) -> io::Result<(Stream, Peer)> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, addr) = socket.accept()?;
                stream.set_nonblocking(true)?;
                Ok((tokio::net::TcpStream::from_std(stream)?.into(), Peer::Tcp(addr)))
            }
            #[cfg(unix)]
            Socket::Unix(socket, _) => {
                let (stream, _) = socket.accept()?;
                stream.set_nonblocking(true)?;
                Ok((tokio::net::UnixStream::from_std(stream)?.into(), Peer::Unix))
            }
        }
    }

    /// Whether nobody else goes on with it when this server stops.
    pub(crate) fn is_own(&self) -> bool {
        !self.foreign
    }

    /// Leaves it, with what waits in it, to the process that goes on with it.
    pub(crate) fn leave(&self) {
        #[cfg(unix)]
        if let Socket::Unix(_, Some(file)) = &self.socket {
            file.leave();
        }
    }

    /// Makes it this server's own, as if it had been bound here.
    #[cfg(unix)]
    pub(crate) fn adopt(mut self, listen: Arc<Listen>) -> Listener {
        self.foreign = matches!(listen.address, Address::Systemd(_) | Address::Fd(_));
        if let (Address::Unix(path), Socket::Unix(_, file)) = (&listen.address, &mut self.socket) {
            *file = SocketFile::of(path).ok().map(Arc::new);
        }
        self.listen = listen;
        self
    }

    /// Lets nobody in any more, on no duplicate of this socket either. Only Linux knows this for a
    /// listener; elsewhere it stops when its last duplicate is closed.
    pub(crate) fn shut(&self) {
        let socket = match &self.socket {
            Socket::Tcp(socket) => SockRef::from(socket),
            #[cfg(unix)]
            Socket::Unix(socket, _) => SockRef::from(socket),
        };
        drop(socket.shutdown(std::net::Shutdown::Read));
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Listener {
        let addr = socket.local_addr().map_or_else(|_| String::new(), |addr| addr.to_string());
        let listen = Arc::new(Listen::new(Address::Tcp(addr)));
        Listener::new(Socket::Tcp(socket), listen, true)
    }
}

#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(socket: UnixListener) -> Listener {
        let path = socket.local_addr().ok().and_then(|addr| Some(addr.as_pathname()?.to_owned()));
        let listen = Arc::new(Listen::new(Address::Unix(path.unwrap_or_default())));
        Listener::new(Socket::Unix(socket, None), listen, true)
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match &self.socket {
            Socket::Tcp(socket) => socket.as_fd(),
            Socket::Unix(socket, _) => socket.as_fd(),
        }
    }
}

/// A listener on a loop.
#[derive(Debug)]
pub(crate) enum Acceptor {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

impl Acceptor {
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Acceptor::Tcp(socket) => {
                let (stream, addr) = socket.accept().await?;
                // Linux hands this on from the listener.
                #[cfg(not(target_os = "linux"))]
                drop(stream.set_nodelay(true));
                Ok((Stream::Tcp(stream), Peer::Tcp(addr)))
            }
            #[cfg(unix)]
            Acceptor::Unix(socket) => {
                let (stream, _) = socket.accept().await?;
                Ok((Stream::Unix(stream), Peer::Unix))
            }
        }
    }
}

/// Listeners for `count` loops: a list for each.
pub(crate) fn bind_group(
    listens: &[Listen],
    config: &ServerConfig,
    count: usize,
) -> io::Result<Vec<Vec<Listener>>> {
    let mut sockets = Vec::new();
    for listen in listens {
        let named = |error: io::Error| {
            let message = format!("cannot listen on {}: {error}", listen.address);
            io::Error::new(error.kind(), message)
        };
        sockets.push(bind(listen, config, count).map_err(named)?);
    }
    share_out(sockets, count)
}

/// Shares the sockets of each address out among `count` loops. A loop that gets none has a duplicate
/// of another's.
pub(crate) fn share_out(
    addresses: Vec<Vec<Listener>>,
    count: usize,
) -> io::Result<Vec<Vec<Listener>>> {
    let mut loops: Vec<_> = (0..count.max(1)).map(|_| Vec::new()).collect();
    if addresses.iter().all(Vec::is_empty) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on"));
    }
    for sockets in addresses {
        for index in sockets.len()..loops.len() {
            loops[index].push(sockets[index % sockets.len()].try_clone()?);
        }
        for (index, socket) in sockets.into_iter().enumerate() {
            let index = index % loops.len();
            loops[index].push(socket);
        }
    }
    Ok(loops)
}

/// The sockets of one address, as many as there are loops or fewer.
fn bind(listen: &Listen, config: &ServerConfig, count: usize) -> io::Result<Vec<Listener>> {
    let shared = Arc::new(listen.clone());
    #[cfg(unix)]
    if let Some(left) = inherited::left_by_predecessor(&listen.address)? {
        return Ok(left.into_iter().map(|socket| socket.adopt(shared.clone())).collect());
    }
    let own = |socket| Listener::new(socket, shared.clone(), false);
    match &listen.address {
        Address::Tcp(host) => {
            let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
            for addr in host.to_socket_addrs()? {
                match bind_addr(addr, config, count) {
                    Ok(sockets) => {
                        return Ok(sockets.into_iter().map(Socket::Tcp).map(own).collect());
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let (socket, file) = SocketFile::bind(path, listen.mode, config.backlog)?;
            Ok(vec![own(Socket::Unix(socket, Some(Arc::new(file))))])
        }
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Systemd(_) | Address::Fd(_) => {
            let taken = inherited::take(&listen.address)?;
            Ok(taken
                .into_iter()
                .map(|mut listener| {
                    listener.listen = shared.clone();
                    listener
                })
                .collect())
        }
    }
}

fn bind_addr(
    addr: SocketAddr,
    config: &ServerConfig,
    count: usize,
) -> io::Result<Vec<TcpListener>> {
    if count <= 1 || !SPREADS || config.accept == Accept::Shared {
        return Ok(vec![listen(addr, config, Sharing::Alone)?]);
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

/// Several times what is written at once.
#[cfg(target_os = "linux")]
const UNSENT_LEN: u32 = 256 << 10;

fn listen(addr: SocketAddr, config: &ServerConfig, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
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
    // How much the kernel holds that the network has not taken. With more, a slow client would be
    // seen to take something only every minute, and would be taken for one that takes nothing.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT_LEN)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(config.backlog.into())?;
    Ok(socket.into())
}

/// Whether an error of `accept` concerns the connection that was about to be accepted, and not the
/// listener.
pub(crate) fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
        NetworkDown, NetworkUnreachable, PermissionDenied, TimedOut,
    };
    // Linux passes on what the network or a filter has to say of the new connection (accept(2)).
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    )
}
