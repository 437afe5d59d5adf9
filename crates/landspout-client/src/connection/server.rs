//! What is known of the server at the other end of an HTTP/2 connection.

use super::frames::{Frames, Notice};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// RFC 9113 §6.5.2: how many requests it takes at once.
const MAX_CONCURRENT_STREAMS: u16 = 0x3;

/// RFC 8441 §3: whether a stream can go on as another protocol.
const ENABLE_CONNECT_PROTOCOL: u16 = 0x8;

/// How many requests may go out before the server has said how many it takes, which is what the
/// library that speaks HTTP/2 lets through.
const UNTIL_SETTLED: usize = 100;

/// What is known of the server. The task that drives the connection writes it, requests read it.
#[derive(Debug)]
pub(super) struct Server {
    retired: AtomicBool,
    /// How many requests it takes at once, as far as it has said so.
    capacity: AtomicUsize,
    /// Whether its first settings have come.
    settled: AtomicBool,
    extends_connect: AtomicBool,
    /// Told when they come, and when they will not.
    changed: Notify,
    flooded: AtomicBool,
    /// Bytes of the last head, as they went over the wire.
    last_head: AtomicUsize,
}

impl Server {
    pub(super) fn new() -> Arc<Server> {
        Arc::new(Server {
            retired: AtomicBool::new(false),
            capacity: AtomicUsize::new(usize::MAX),
            settled: AtomicBool::new(false),
            extends_connect: AtomicBool::new(false),
            changed: Notify::new(),
            flooded: AtomicBool::new(false),
            last_head: AtomicUsize::new(0),
        })
    }

    /// Notes that it takes no further requests.
    pub(super) fn retire(&self) {
        self.retired.store(true, Relaxed);
        self.changed.notify_waiters();
    }

    /// Whether it takes no further requests.
    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    /// How many requests it takes at once.
    pub(super) fn capacity(&self) -> usize {
        match self.settled.load(Relaxed) {
            true => self.capacity.load(Relaxed),
            false => UNTIL_SETTLED,
        }
    }

    /// Whether a stream can go on as another protocol; waits until the server has said so or not.
    pub(super) async fn extends_connect(&self) -> bool {
        let mut changed = pin!(self.changed.notified());
        changed.as_mut().enable();
        if !self.settled.load(Relaxed) && !self.is_retired() {
            changed.await;
        }
        self.extends_connect.load(Relaxed)
    }

    /// Whether it sent too many interim answers (1xx) for one request. The connection is broken off
    /// then.
    pub(super) fn is_flooded(&self) -> bool {
        self.flooded.load(Relaxed)
    }

    /// Bytes of the last head, as they went over the wire.
    pub(super) fn last_head(&self) -> usize {
        self.last_head.load(Relaxed)
    }

    fn note(&self, notice: Notice) {
        match notice {
            Notice::Head(len) => self.last_head.store(len, Relaxed),
            Notice::HeadGoesOn(len) => drop(self.last_head.fetch_add(len, Relaxed)),
            Notice::Flood => self.flooded.store(true, Relaxed),
            Notice::Setting(MAX_CONCURRENT_STREAMS, limit) => {
                self.capacity.store(usize::try_from(limit).unwrap_or(usize::MAX), Relaxed);
            }
            Notice::Setting(ENABLE_CONNECT_PROTOCOL, value) => {
                self.extends_connect.store(value == 1, Relaxed);
            }
            Notice::Setting(..) => {}
            Notice::Settled => {
                self.settled.store(true, Relaxed);
                self.changed.notify_waiters();
            }
        }
    }
}

/// A connection's I/O, which tells the [`Server`] what comes.
#[derive(Debug)]
pub(super) struct Heard<Io> {
    io: Io,
    server: Arc<Server>,
    frames: Frames,
}

impl<Io> Heard<Io> {
    pub(super) fn new(io: Io, server: Arc<Server>) -> Heard<Io> {
        Heard { io, server, frames: Frames::default() }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Heard<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let Heard { io, server, frames } = &mut *self;
        ready!(Pin::new(io).poll_read(cx, buf))?;
        frames.read(&buf.filled()[before..], |notice| server.note(notice));
        if server.is_flooded() {
            let error = io::Error::new(io::ErrorKind::InvalidData, "too many 1xx answers");
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Heard<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
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
