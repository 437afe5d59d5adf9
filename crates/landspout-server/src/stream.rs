//! One byte stream for all transports.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A connection's socket. What happens for each request is a branch and not a call through a table.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Who is at the other end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// A process of this machine. Clients of a Unix socket hardly ever have a name.
    #[cfg(unix)]
    Unix,
}

impl Peer {
    /// Its address, if it has one.
    pub(crate) fn addr(self) -> Option<SocketAddr> {
        match self {
            Peer::Tcp(addr) => Some(addr),
            #[cfg(unix)]
            Peer::Unix => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(addr) => addr.fmt(f),
            #[cfg(unix)]
            Peer::Unix => f.write_str("unix"),
        }
    }
}

/// What a connection is known to speak before its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(dead_code, reason = "TLS and HTTP/2 ask for it")]
pub(crate) enum Speaks {
    /// It is clear text: the first bytes tell.
    #[default]
    Unknown,
    /// TLS agreed on HTTP/1.1, or on nothing.
    Http1,
    /// TLS agreed on HTTP/2.
    Http2,
}

/// Does the same with each transport.
macro_rules! each {
    ($stream:expr, $io:ident => $do:expr) => {
        match $stream {
            Stream::Tcp($io) => $do,
            #[cfg(unix)]
            Stream::Unix($io) => $do,
        }
    };
}

impl Stream {
    /// The address of this end, if it has one.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Stream::Tcp(stream) => stream.local_addr().ok(),
            #[cfg(unix)]
            Stream::Unix(_) => None,
        }
    }

    /// Whether what passes is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        false
    }

    /// What it speaks, if that was agreed on.
    #[allow(dead_code, reason = "HTTP/2 asks for it")]
    pub(crate) fn speaks(&self) -> Speaks {
        Speaks::Unknown
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
        each!(self, io => pin!(io.ready(Interest::READABLE)).poll(cx))
    }

    /// Makes the close that follows a reset: what is not sent yet is thrown away.
    pub(crate) fn set_zero_linger(&self) {
        match self {
            Stream::Tcp(stream) => drop(stream.set_zero_linger()),
            // A Unix socket has no reset; its peer has what was written.
            #[cfg(unix)]
            Stream::Unix(_) => {}
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
