//! The body of a request, and whether it was read.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

/// An unread rest of at most this many bytes is the parser's to drain.
const SMALL: u64 = 8 << 10;

/// A body as the parser gives it, with its errors turned into ours.
#[derive(Debug)]
pub(crate) struct RequestBody<B: Body> {
    inner: B,
    explain: fn(B::Error) -> BodyError,
    reading: Reading,
}

/// Whoever has the body may read on.
const OPEN: u8 = 0;
/// It was read to its end.
const READ: u8 = 1;
/// It was dropped before its end.
const DROPPED: u8 = 2;
/// It did not come in time.
const TIMED_OUT: u8 = 3;
/// What came is not a body.
const MALFORMED: u8 = 4;

/// Why a body could not be read that is the client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Timeout,
    Malformed,
}

/// Tells, when the answer is there, whether the body was read: shared by the body and its exchange.
#[derive(Debug, Clone)]
pub(crate) struct Reading(Arc<Read>);

#[derive(Debug)]
struct Read {
    len: Option<u64>,
    /// Whether the client may wait to be asked for it.
    expects: bool,
    state: AtomicU8,
}

impl<B: Body> RequestBody<B> {
    /// `expects` says that the client may wait to be asked for it (RFC 9110 §10.1.1).
    pub(crate) fn new(
        inner: B,
        expects: bool,
        explain: fn(B::Error) -> BodyError,
    ) -> (RequestBody<B>, Reading) {
        let len = inner.size_hint().exact();
        let reading = Reading(Arc::new(Read { len, expects, state: AtomicU8::new(OPEN) }));
        (RequestBody { inner, explain, reading: reading.clone() }, reading)
    }
}

impl<B: Body> Drop for RequestBody<B> {
    fn drop(&mut self) {
        if self.reading.is_open() {
            self.reading.enter(DROPPED);
        }
    }
}

impl Reading {
    fn state(&self) -> u8 {
        self.0.state.load(Ordering::Relaxed)
    }

    fn enter(&self, state: u8) {
        self.0.state.store(state, Ordering::Relaxed);
    }

    fn note(&self, error: &BodyError) {
        if error.is_timeout() {
            self.enter(TIMED_OUT);
        } else if error.is_malformed() {
            self.enter(MALFORMED);
        }
    }

    /// Whether the body may still be read from, by a task that outlives the answer.
    pub(crate) fn is_open(&self) -> bool {
        self.state() == OPEN
    }

    /// Whether it was read to its end.
    pub(crate) fn is_read(&self) -> bool {
        self.state() == READ
    }

    /// Why it could not be read to its end.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self.state() {
            TIMED_OUT => Some(Failure::Timeout),
            MALFORMED => Some(Failure::Malformed),
            _ => None,
        }
    }

    /// Whether the connection is better closed than drained: so much is left, or nobody can tell
    /// whether a client that was not asked for it sends it or goes on with its next request.
    pub(crate) fn spoils_connection(&self) -> bool {
        let much = self.0.expects || self.0.len.is_none_or(|len| len > SMALL);
        much && !self.is_read()
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        // hyper does not tell the end of a body of known length that is read after the answer; the
        // length does.
        if self.inner.is_end_stream() {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if frame.is_none() || self.inner.is_end_stream() {
            self.reading.enter(READ);
        }
        let explain = self.explain;
        let frame = frame.map(|frame| frame.map_err(explain));
        if let Some(Err(error)) = &frame {
            self.reading.note(error);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
