//! The body of a request that shares its connection with others.

use super::streams::Lane;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// What is seen of a body by the ticker of its loop, while a task of perhaps another thread reads
/// it; and how that task is told that it has waited long enough.
///
/// On a connection of its own a body is late when the connection is silent. Here the others may be
/// talking, so each body is watched by itself.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Somebody has asked for more than there is, and nothing came since.
    wanted: AtomicBool,
    /// Bytes that were handed on.
    bytes: AtomicU64,
    expired: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Arrivals {
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Lets the read that waits fail.
    pub(crate) fn expire(&self) {
        self.expired.store(true, Ordering::Release);
        self.wake_reader();
    }

    fn wake_reader(&self) {
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        self.wanted.store(true, Ordering::Release);
    }
}

/// What the parser wakes when something came. Whoever asked for it may be busy with something else by
/// then, and that is not the client's delay.
impl Wake for Arrivals {
    fn wake(self: Arc<Self>) {
        self.wanted.store(false, Ordering::Release);
        self.wake_reader();
    }
}

/// A body that tells of its arrivals.
#[derive(Debug)]
pub(crate) struct Watched<B: Body> {
    inner: B,
    explain: fn(B::Error) -> BodyError,
    arrivals: Arc<Arrivals>,
    /// Of all bodies of the connection.
    total: Arc<AtomicU64>,
}

impl<B: Body> Watched<B> {
    pub(crate) fn new(inner: B, explain: fn(B::Error) -> BodyError, lane: &Lane) -> Watched<B> {
        let (arrivals, total) = (lane.arrivals.clone(), lane.total());
        Watched { inner, explain, arrivals, total }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut polled = Pin::new(&mut self.inner).poll_frame(cx);
        if polled.is_pending() {
            // The reader's waker is there before anything can happen that it is woken for.
            self.arrivals.wait(cx);
            let waker = Waker::from(self.arrivals.clone());
            polled = Pin::new(&mut self.inner).poll_frame(&mut Context::from_waker(&waker));
        }
        let frame = match polled {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                if self.arrivals.expired.load(Ordering::Acquire) {
                    return Poll::Ready(Some(Err(BodyError::timeout())));
                }
                return Poll::Pending;
            }
        };
        self.arrivals.wanted.store(false, Ordering::Release);
        let frame = frame.map(|frame| frame.map_err(self.explain));
        if let Some(Ok(frame)) = &frame {
            let len = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.arrivals.bytes.fetch_add(len, Ordering::Relaxed);
            self.total.fetch_add(len, Ordering::Relaxed);
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
