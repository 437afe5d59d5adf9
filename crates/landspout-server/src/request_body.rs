//! The body of a request, and whether it was read.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

/// An unread rest of at most this many bytes is the parser's to drain.
const SMALL: u64 = 8 << 10;

/// A body as the parser gives it, with its errors turned into ours.
#[derive(Debug)]
pub(crate) struct RequestBody<B: Body> {
    inner: B,
    explain: fn(B::Error) -> BodyError,
    ended: Arc<AtomicBool>,
}

/// Tells, when the answer is there, whether the body was read.
#[derive(Debug)]
pub(crate) struct Unread {
    len: Option<u64>,
    ended: Arc<AtomicBool>,
}

impl<B: Body> RequestBody<B> {
    pub(crate) fn new(inner: B, explain: fn(B::Error) -> BodyError) -> (RequestBody<B>, Unread) {
        let ended = Arc::new(AtomicBool::new(false));
        let unread = Unread { len: inner.size_hint().exact(), ended: ended.clone() };
        (RequestBody { inner, explain, ended }, unread)
    }
}

impl Unread {
    /// Whether so much is left that the connection is better closed than drained.
    pub(crate) fn is_much(&self) -> bool {
        !self.ended.load(Ordering::Relaxed) && self.len.is_none_or(|len| len > SMALL)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if frame.is_none() || self.inner.is_end_stream() {
            self.ended.store(true, Ordering::Relaxed);
        }
        let explain = self.explain;
        Poll::Ready(frame.map(|frame| frame.map_err(explain)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
