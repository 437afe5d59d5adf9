//! When which bytes went over a connection.

use crate::interim::Interim;
use crate::moment::Moment;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What happened on a connection since its current request [began](Wire::begin). The task that
/// drives the connection writes it, the request reads it.
#[derive(Debug)]
pub(crate) struct Wire {
    /// A [`Moment`], 0 for never: the last write before the answer began.
    sent: AtomicU64,
    /// A [`Moment`], 0 for never: the first read.
    answered: AtomicU64,
    /// Likewise: the last read.
    heard: AtomicU64,
    /// Bytes.
    received: AtomicU64,
    /// Whether the request's body was read to its end.
    body_done: AtomicBool,
    /// Whether there were too many interim answers (1xx).
    flooded: AtomicBool,
    /// A [`Moment`], 0 for none: when the head of the answer must be there.
    deadline: AtomicU64,
    /// Whether it was not.
    late: AtomicBool,
}

impl Wire {
    pub(crate) fn new() -> Arc<Wire> {
        Arc::new(Wire {
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            received: AtomicU64::new(0),
            body_done: AtomicBool::new(false),
            flooded: AtomicBool::new(false),
            deadline: AtomicU64::new(0),
            late: AtomicBool::new(false),
        })
    }

    /// Begins a request; `body_done` says that it has no body.
    pub(crate) fn begin(&self, body_done: bool) {
        self.sent.store(0, Relaxed);
        self.answered.store(0, Relaxed);
        self.heard.store(0, Relaxed);
        self.received.store(0, Relaxed);
        self.body_done.store(body_done, Relaxed);
    }

    /// When the last byte of the request went out that went out before the answer; `None` while the
    /// request's body is not at its end.
    pub(crate) fn sent(&self) -> Option<Moment> {
        let done = self.body_done.load(Relaxed) || self.answered.load(Relaxed) != 0;
        if done { Moment::from_number(self.sent.load(Relaxed)) } else { None }
    }

    /// When the first byte of the answer came.
    pub(crate) fn answered(&self) -> Option<Moment> {
        Moment::from_number(self.answered.load(Relaxed))
    }

    /// When the last bytes of the answer came.
    pub(crate) fn heard(&self) -> Option<Moment> {
        Moment::from_number(self.heard.load(Relaxed))
    }

    /// How many bytes of the answer came.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    pub(crate) fn note_body_done(&self) {
        self.body_done.store(true, Relaxed);
    }

    /// When the head of the answer must be there, if the task of the connection is to see to it.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        Moment::from_number(self.deadline.load(Relaxed))
    }

    pub(crate) fn set_deadline(&self, deadline: Option<Moment>) {
        self.deadline.store(deadline.map_or(0, Moment::to_number), Relaxed);
    }

    /// Notes that the answer was too late. The connection is broken off then.
    pub(crate) fn note_late(&self) {
        self.late.store(true, Relaxed);
    }

    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Relaxed)
    }

    /// Notes that the request goes out now, where the bytes of several requests are mingled.
    #[cfg(feature = "http2")]
    pub(crate) fn note_sent(&self) {
        self.sent.store(Moment::now().to_number(), Relaxed);
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
    fn note_written(&self, moment: Moment) {
        if self.answered.load(Relaxed) == 0 {
            self.sent.store(moment.to_number(), Relaxed);
        }
    }

    /// Whether these were the first bytes of an answer.
    fn note_read(&self, bytes: usize) -> bool {
        // Nobody else writes: plain stores will do.
        let (before, now) = (self.received(), Moment::now().to_number());
        self.received.store(before + bytes as u64, Relaxed);
        self.heard.store(now, Relaxed);
        if before == 0 {
            self.answered.store(now, Relaxed);
        }
        before == 0
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
        let moment = Moment::now();
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.wire.note_written(moment);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The system takes one piece faster when it need not look for others.
        if let [piece] = pieces {
            return self.poll_write(cx, piece);
        }
        let moment = Moment::now();
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, pieces))?;
        self.wire.note_written(moment);
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
