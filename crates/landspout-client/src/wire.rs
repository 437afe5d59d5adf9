//! When which bytes went over a connection.

use crate::interim::Interim;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What happened on a connection since its current request [began](Wire::begin). The task that
/// drives the connection writes it, the request reads it.
#[derive(Debug)]
pub(crate) struct Wire {
    made: Instant,
    /// Nanoseconds after `made`, 0 for never: the last write before the answer began.
    sent: AtomicU64,
    /// Nanoseconds after `made`, 0 for never: the first read.
    answered: AtomicU64,
    /// Bytes.
    received: AtomicU64,
    /// Whether the request's body was read to its end.
    body_done: AtomicBool,
    /// Whether there were too many interim answers (1xx).
    flooded: AtomicBool,
}

impl Wire {
    pub(crate) fn new() -> Arc<Wire> {
        Arc::new(Wire {
            made: Instant::now(),
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            received: AtomicU64::new(0),
            body_done: AtomicBool::new(false),
            flooded: AtomicBool::new(false),
        })
    }

    /// Begins a request; `body_done` says that it has no body.
    pub(crate) fn begin(&self, body_done: bool) {
        self.sent.store(0, Relaxed);
        self.answered.store(0, Relaxed);
        self.received.store(0, Relaxed);
        self.body_done.store(body_done, Relaxed);
    }

    /// When the last byte of the request went out that went out before the answer; `None` while the
    /// request's body is not at its end.
    pub(crate) fn sent(&self) -> Option<Instant> {
        let done = self.body_done.load(Relaxed) || self.answered.load(Relaxed) != 0;
        if done { self.instant(&self.sent) } else { None }
    }

    /// When the first byte of the answer came.
    pub(crate) fn answered(&self) -> Option<Instant> {
        self.instant(&self.answered)
    }

    /// How many bytes of the answer came.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    pub(crate) fn note_body_done(&self) {
        self.body_done.store(true, Relaxed);
    }

    /// Notes that the request goes out now, where the bytes of several requests are mingled.
    #[cfg(feature = "http2")]
    pub(crate) fn note_sent(&self) {
        self.sent.store(self.nanos(), Relaxed);
    }

    /// Notes that the answer has begun, likewise.
    #[cfg(feature = "http2")]
    pub(crate) fn note_answered(&self) {
        self.note_read(1);
    }

    /// Whether there were too many interim answers. The connection is broken off then.
    pub(crate) fn is_flooded(&self) -> bool {
        self.flooded.load(Relaxed)
    }

    /// The bytes went out at this moment, and not at one after it: the other side may have read
    /// them before this side runs again.
    fn note_written(&self, nanos: u64) {
        if self.answered.load(Relaxed) == 0 {
            self.sent.store(nanos, Relaxed);
        }
    }

    /// Whether these were the first bytes of an answer.
    fn note_read(&self, bytes: usize) -> bool {
        let is_first = self.received.fetch_add(bytes as u64, Relaxed) == 0;
        if is_first {
            self.answered.store(self.nanos(), Relaxed);
        }
        is_first
    }

    fn nanos(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    fn instant(&self, nanos: &AtomicU64) -> Option<Instant> {
        match nanos.load(Relaxed) {
            0 => None,
            nanos => Some(self.made + Duration::from_nanos(nanos)),
        }
    }
}

/// A connection's I/O, which tells the [`Wire`] what it does.
#[derive(Debug)]
pub(crate) struct Watched<Io> {
    io: Io,
    wire: Arc<Wire>,
    interim: Interim,
}

impl<Io> Watched<Io> {
    pub(crate) fn new(io: Io, wire: Arc<Wire>) -> Watched<Io> {
        Watched { io, wire, interim: Interim::default() }
    }

    /// The I/O, unwatched from now on.
    pub(crate) fn into_inner(self) -> Io {
        self.io
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Watched<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let watched = &mut *self;
        ready!(Pin::new(&mut watched.io).poll_read(cx, buf))?;
        let read = &buf.filled()[before..];
        if !read.is_empty() && watched.wire.note_read(read.len()) {
            watched.interim = Interim::default();
        }
        if watched.interim.flood(read) {
            watched.wire.flooded.store(true, Relaxed);
            let error = io::Error::new(io::ErrorKind::InvalidData, "too many 1xx answers");
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Watched<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let nanos = self.wire.nanos();
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.wire.note_written(nanos);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let nanos = self.wire.nanos();
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, pieces))?;
        self.wire.note_written(nanos);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
