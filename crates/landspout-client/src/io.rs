//! What a connection runs over.

use bytes::Bytes;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::client::TlsStream;

/// A way to a server: a socket, or TLS over such a way. A tunnel through a proxy is the way to the
/// proxy, once the proxy has opened it.
#[derive(Debug)]
pub(crate) enum Io {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Io>>),
    /// What was read too far, and where the rest comes from.
    Ahead(Bytes, Box<Io>),
}

impl Io {
    /// The address at the other end of the socket: the proxy's, where there is one.
    pub(crate) fn remote_addr(&self) -> Option<SocketAddr> {
        match self {
            Io::Tcp(stream) => stream.peer_addr().ok(),
            #[cfg(unix)]
            Io::Unix(_) => None,
            #[cfg(feature = "tls")]
            Io::Tls(stream) => stream.get_ref().0.remote_addr(),
            Io::Ahead(_, io) => io.remote_addr(),
        }
    }

    /// The same way, on which `bytes` have been read already and come first.
    pub(crate) fn after(self, bytes: Bytes) -> Io {
        if bytes.is_empty() { self } else { Io::Ahead(bytes, Box::new(self)) }
    }
}

/// Calls a method on whatever it is.
macro_rules! of_each {
    ($io:expr, $method:ident($($argument:expr),*)) => {
        match $io {
            Io::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Io::Unix(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(feature = "tls")]
            Io::Tls(stream) => Pin::new(stream).$method($($argument),*),
            Io::Ahead(_, io) => Pin::new(io).$method($($argument),*),
        }
    };
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Io::Ahead(bytes, _) = &mut *self
            && !bytes.is_empty()
        {
            let len = bytes.len().min(buf.remaining());
            buf.put_slice(&bytes.split_to(len));
            return Poll::Ready(Ok(()));
        }
        of_each!(&mut *self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        of_each!(&mut *self, poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        of_each!(&mut *self, poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        of_each!(self, is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_each!(&mut *self, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_each!(&mut *self, poll_shutdown(cx))
    }
}
