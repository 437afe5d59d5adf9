//! One byte stream for all transports.

#[cfg(feature = "tls")]
use crate::tls;
use landspout_handler::Connection;
use socket2::SockRef;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

/// A connection's socket. What happens for each request is a branch and not a call through a table.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS over one of the others.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Stream>>),
}

/// Who is at the other end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// A process of this machine. Clients of a Unix socket hardly ever have a name.
    #[cfg(unix)]
    Unix,
    /// A client whose connection to `destination` a proxy relays, as it told by the PROXY protocol.
    Relayed {
        source: SocketAddr,
        destination: SocketAddr,
    },
    /// A client of a proxy that did not tell which.
    Untold,
}

impl Peer {
    /// Its address, if it has one.
    pub(crate) fn addr(self) -> Option<SocketAddr> {
        match self {
            Peer::Tcp(addr) => Some(addr),
            #[cfg(unix)]
            Peer::Unix => None,
            Peer::Relayed { source, .. } => Some(source),
            Peer::Untold => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(addr) => addr.fmt(f),
            #[cfg(unix)]
            Peer::Unix => f.write_str("unix"),
            Peer::Relayed { source, .. } => source.fmt(f),
            Peer::Untold => f.write_str("untold"),
        }
    }
}

/// Does the same with each transport.
macro_rules! each {
    ($stream:expr, $io:ident => $do:expr) => {
        match $stream {
            Stream::Tcp($io) => $do,
            #[cfg(unix)]
            Stream::Unix($io) => $do,
            #[cfg(feature = "tls")]
            Stream::Tls($io) => $do,
        }
    };
}

impl Stream {
    /// What handlers may know of the connection to this peer.
    pub(crate) fn connection(&self, peer: Peer) -> Connection {
        let local_addr = match peer {
            Peer::Relayed { destination, .. } => Some(destination),
            _ => self.local_addr(),
        };
        match self {
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => {
                Connection::over_tls(peer.addr(), local_addr, tls::session(stream.get_ref().1))
            }
            _ => Connection::new(peer.addr(), local_addr, false),
        }
    }

    /// The address of this end, if it has one.
    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Stream::Tcp(stream) => stream.local_addr().ok(),
            #[cfg(unix)]
            Stream::Unix(_) => None,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().0.local_addr(),
        }
    }

    /// The first byte that the client sends, which stays to be read; none where that cannot be told.
    #[cfg(feature = "tls")]
    pub(crate) async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut first = [0];
        match self {
            Stream::Tcp(stream) => match stream.peek(&mut first).await? {
                0 => Ok(None),
                _ => Ok(Some(first[0])),
            },
            _ => Ok(None),
        }
    }

    /// Whether it is clear text, of which the first bytes tell what is spoken.
    pub(crate) fn is_clear(&self) -> bool {
        match self {
            Stream::Tcp(_) => true,
            #[cfg(unix)]
            Stream::Unix(_) => true,
            #[cfg(feature = "tls")]
            Stream::Tls(_) => false,
        }
    }

    /// Whether TLS agreed on HTTP/2 (RFC 7301).
    #[cfg(feature = "http2")]
    pub(crate) fn agreed_on_http2(&self) -> bool {
        match self {
            Stream::Tcp(_) => false,
            #[cfg(unix)]
            Stream::Unix(_) => false,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    /// Whether it took bytes that the socket had no room for, which a flush will send.
    #[inline]
    pub(crate) fn has_unsent(&self) -> bool {
        match self {
            Stream::Tcp(_) => false,
            #[cfg(unix)]
            Stream::Unix(_) => false,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().1.wants_write(),
        }
    }

    /// Waits for something to read, without reading it. What a transport [read
    /// ahead](Stream::has_read_ahead) of its user, as TLS does, is not waited for.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Stream::Tcp(stream) => stream.poll_read_ready(cx).map(drop),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.poll_read_ready(cx).map(drop),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().0.poll_readable(cx),
        }
    }

    /// Whether something is to be read that the socket no longer has: bytes, or their end.
    pub(crate) fn has_read_ahead(&mut self) -> bool {
        match self {
            Stream::Tcp(_) => false,
            #[cfg(unix)]
            Stream::Unix(_) => false,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => match stream.get_mut().1.process_new_packets() {
                Ok(state) => state.plaintext_bytes_to_read() > 0 || state.peer_has_closed(),
                Err(_) => true,
            },
        }
    }

    /// Whether the client has closed its side. The kernel said so when it happened: no system call.
    pub(crate) fn is_read_closed(&self) -> bool {
        match self.ready_now() {
            Poll::Ready(Ok(ready)) => ready.is_read_closed(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    fn ready_now(&self) -> Poll<io::Result<Ready>> {
        let cx = &mut Context::from_waker(Waker::noop());
        match self {
            Stream::Tcp(stream) => pin!(stream.ready(Interest::READABLE)).poll(cx),
            #[cfg(unix)]
            Stream::Unix(stream) => pin!(stream.ready(Interest::READABLE)).poll(cx),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().0.ready_now(),
        }
    }

    /// Makes the close that follows a reset: what is not sent yet is thrown away. A Unix socket has
    /// none, and its peer gets what was written.
    pub(crate) fn set_zero_linger(&self) {
        match self {
            Stream::Tcp(stream) => drop(stream.set_zero_linger()),
            // A Unix socket has no reset; its peer has what was written.
            #[cfg(unix)]
            Stream::Unix(_) => {}
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().0.set_zero_linger(),
        }
    }

    /// Ends both directions now, before the socket is closed.
    pub(crate) fn shut(&self) {
        let socket = match self {
            Stream::Tcp(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => SockRef::from(stream),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => return stream.get_ref().0.shut(),
        };
        drop(socket.shutdown(Shutdown::Both));
    }
}

/// A socket that no loop watches, on its way to another.
#[derive(Debug)]
pub(crate) enum Detached {
    Tcp(std::net::TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Stream {
    /// Takes the socket off its loop.
    ///
    /// # Errors
    /// The system cannot, or it has begun to speak TLS.
    pub(crate) fn detach(self) -> io::Result<Detached> {
        match self {
            Stream::Tcp(stream) => stream.into_std().map(Detached::Tcp),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.into_std().map(Detached::Unix),
            #[cfg(feature = "tls")]
            Stream::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Detached {
    /// Lets the current loop watch the socket.
    ///
    /// # Errors
    /// The system cannot.
    pub(crate) fn attach(self) -> io::Result<Stream> {
        match self {
            Detached::Tcp(stream) => TcpStream::from_std(stream).map(Stream::Tcp),
            #[cfg(unix)]
            Detached::Unix(stream) => UnixStream::from_std(stream).map(Stream::Unix),
        }
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self.get_mut(), io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), io => Pin::new(io).poll_write(cx, bytes))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), io => Pin::new(io).poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        each!(self, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), io => Pin::new(io).poll_shutdown(cx))
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Stream {
        Stream::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Stream {
        Stream::Unix(stream)
    }
}
