//! A connection of HTTP/1 as hyper reads and writes it.

use crate::framing::Witness;
use crate::link::Link;
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The link, in tokio's terms.
pub(super) struct Io<'a> {
    link: Rc<Link>,
    /// Who sees what is read.
    witness: &'a RefCell<Witness>,
}

impl<'a> Io<'a> {
    /// The link, in hyper's terms: bytes are read into hyper's own buffer, which is not initialised.
    pub(super) fn new(link: &Rc<Link>, witness: &'a RefCell<Witness>) -> TokioIo<Io<'a>> {
        TokioIo::new(Io { link: link.clone(), witness })
    }
}

impl AsyncRead for Io<'_> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.link.poll_read(cx, buf))?;
        let mut heads = self.link.connections.heads.borrow_mut();
        if let Err(why) = self.witness.borrow_mut().see(&mut heads, &buf.filled()[before..]) {
            buf.set_filled(before);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io<'_> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The bytes go out when the poll that wrote them ends.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The link closes itself, one side after the other.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
