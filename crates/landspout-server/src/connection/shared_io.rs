//! A connection of several requests at a time as hyper reads and writes it.

use crate::http2::Departures;
use crate::link::Link;
use hyper_util::rt::TokioIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The link, in tokio's terms. Frames leave nothing to be read in two ways, so that what comes is
/// not read a second time; what goes is, because the library judges streams without telling of it.
pub(super) struct SharedIo {
    link: Rc<Link>,
    departures: Departures,
}

impl SharedIo {
    /// The link, in hyper's terms.
    pub(super) fn new(link: &Rc<Link>) -> TokioIo<SharedIo> {
        TokioIo::new(SharedIo { link: link.clone(), departures: Departures::default() })
    }
}

impl AsyncRead for SharedIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.link.poll_read(cx, buf)
    }
}

impl AsyncWrite for SharedIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = ready!(self.link.poll_write(cx, pieces))?;
        let SharedIo { link, departures } = &mut *self;
        let mut left = len;
        for piece in pieces {
            let seen = piece.len().min(left);
            departures.see(&piece[..seen], |reset| link.refuse(reset.cause(), &reset));
            left -= seen;
        }
        Poll::Ready(Ok(len))
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
