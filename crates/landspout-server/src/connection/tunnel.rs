//! A stream of HTTP/2 that was handed over to another protocol.

use crate::upgraded::Open;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream in tokio's terms, and the sign by which its connection sees that it is still open.
#[derive(Debug)]
pub(super) struct Tunnel {
    stream: TokioIo<Upgraded>,
    _open: Open,
    /// Of what its connection has done, which is not nothing while this is used.
    total: Arc<AtomicU64>,
}

impl Tunnel {
    pub(super) fn new(stream: Upgraded, open: Open, total: Arc<AtomicU64>) -> Tunnel {
        Tunnel { stream: TokioIo::new(stream), _open: open, total }
    }

    fn count(&self, len: usize) {
        self.total.fetch_add(len as u64, Ordering::Relaxed);
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.count(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        self.count(*written.as_ref().unwrap_or(&0));
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
