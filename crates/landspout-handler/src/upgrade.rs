//! Taking a connection over for another protocol.

use bytes::Bytes;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// The right to a connection once it has been upgraded (RFC 9110 §7.8).
///
/// A handler [takes it from the request](crate::Request::take_upgrade), answers 101 with the
/// protocol's headers, and awaits it in a task of its own: it resolves when the answer has gone
/// out.
///
/// ```
/// use landspout_handler::{Error, Request, Response, Upgrade};
/// use http::header::{CONNECTION, UPGRADE};
/// use tokio::io::AsyncWriteExt;
///
/// async fn greet(mut request: Request) -> Result<Response, Error> {
///     let upgrade = request.take_upgrade().ok_or(Error::new(426, "upgrade, please"))?;
///     tokio::spawn(async move {
///         let mut io = upgrade.await?;
///         io.write_all(b"hello in another protocol").await
///     });
///     Ok(Response::empty(101)
///         .with_header(CONNECTION, "upgrade".parse()?)
///         .with_header(UPGRADE, "greeting".parse()?))
/// }
/// ```
#[derive(Debug)]
pub struct Upgrade(oneshot::Receiver<Upgraded>);

impl Upgrade {
    /// The right, and the end through which a server or client fulfils it.
    pub fn channel() -> (UpgradeSender, Upgrade) {
        let (sender, receiver) = oneshot::channel();
        (UpgradeSender(sender), Upgrade(receiver))
    }
}

/// The connection; or an error of kind `ConnectionAborted` if it was not upgraded after all.
impl Future for Upgrade {
    type Output = io::Result<Upgraded>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Upgraded>> {
        Pin::new(&mut self.0).poll(cx).map_err(|_| {
            io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was not upgraded")
        })
    }
}

/// Hands the connection over to whoever awaits the [`Upgrade`].
#[derive(Debug)]
pub struct UpgradeSender(oneshot::Sender<Upgraded>);

impl UpgradeSender {
    /// Hands it over; a connection that nobody awaits any more is closed.
    pub fn send(self, upgraded: Upgraded) {
        drop(self.0.send(upgraded));
    }

    /// Whether nobody awaits the connection any more.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// A connection that speaks another protocol from now on: a byte stream both ways.
pub struct Upgraded {
    /// Bytes of the new protocol that arrived together with the request, as long as there are some.
    /// In a box, because a connection that waits has none.
    read_ahead: Option<Box<Bytes>>,
    io: Box<dyn Io>,
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Upgraded {
    /// The connection, and the bytes that were already read from it.
    pub fn new(
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        read_ahead: Bytes,
    ) -> Upgraded {
        // Even an empty slice of a buffer keeps it whole.
        let read_ahead = (!read_ahead.is_empty()).then(|| Box::new(read_ahead));
        Upgraded { read_ahead, io: Box::new(io) }
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded")
            .field("read_ahead", &self.read_ahead.as_ref().map_or(0, |bytes| bytes.len()))
            .finish_non_exhaustive()
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(read_ahead) = &mut self.read_ahead {
            let len = read_ahead.len().min(buf.remaining());
            buf.put_slice(&read_ahead.split_to(len));
            if read_ahead.is_empty() {
                self.read_ahead = None;
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(cx)
    }
}
