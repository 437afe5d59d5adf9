//! `Expect: 100-continue` (RFC 9110 §10.1.1): the body waits until the server wants it.

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::pin::Pin;
use std::sync::atomic::{
    AtomicBool, AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Release,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

const WAITS: u8 = 0;
const FLOWS: u8 = 1;
const HELD_BACK: u8 = 2;

/// What stands between a body and the wire. A request carries a clone in its extensions, for the
/// connection to open when the server says 100.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: AtomicU8,
    /// The body, for as long as the gate is shut.
    body: Mutex<Option<Body>>,
    /// Whether the connection behind the gate is gone.
    gone: AtomicBool,
    waker: AtomicWaker,
}

impl Gate {
    /// Puts a body behind a gate, which opens by itself after `wait`: there are servers that say
    /// nothing.
    pub(crate) fn shut(body: Body, wait: Duration) -> (Gate, Body) {
        let hint = body.size_hint();
        let shared = Shared {
            state: AtomicU8::new(WAITS),
            body: Mutex::new(Some(body)),
            gone: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        };
        let gate = Gate(Arc::new(shared));
        let gated = Gated { gate: gate.clone(), hint, wait, sleep: None, body: None };
        (gate, Body::wrap(gated))
    }

    /// Lets the body through.
    pub(crate) fn open(&self) {
        self.0.turn(FLOWS);
    }

    /// Takes the body back, if nothing of it went through.
    pub(crate) fn hold_back(&self) -> Option<Body> {
        if self.0.turn(HELD_BACK) { self.0.take() } else { None }
    }
}

/// A gate in front of a connection. While the body is not let through the connection is of no use
/// for another request, and it ends with this.
#[derive(Debug)]
pub(crate) struct Threshold(pub(crate) Gate);

impl Threshold {
    pub(crate) fn is_shut(&self) -> bool {
        self.0.0.state.load(Acquire) != FLOWS
    }
}

impl Drop for Threshold {
    fn drop(&mut self) {
        self.0.0.gone.store(true, Release);
        self.0.0.waker.wake();
    }
}

impl Shared {
    /// From shut to open or closed for good; whether it was this call that did it.
    fn turn(&self, to: u8) -> bool {
        let turned = self.state.compare_exchange(WAITS, to, AcqRel, Acquire).is_ok();
        self.waker.wake();
        turned
    }

    fn take(&self) -> Option<Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A body behind a gate.
#[derive(Debug)]
struct Gated {
    gate: Gate,
    hint: SizeHint,
    wait: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    /// There once the gate is open.
    body: Option<Body>,
}

impl Gated {
    fn poll_gate(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        let shared = &self.gate.0;
        shared.waker.register(cx.waker());
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.wait)));
        if sleep.as_mut().poll(cx).is_ready() {
            shared.turn(FLOWS);
        }
        match shared.state.load(Acquire) {
            FLOWS => {
                self.sleep = None;
                self.body = shared.take();
                Poll::Ready(Ok(()))
            }
            _ if shared.gone.load(Acquire) => {
                Poll::Ready(Err(BodyError::other("the server did not want the body")))
            }
            // The answer that came instead is still to be read.
            _ => Poll::Pending,
        }
    }
}

impl http_body::Body for Gated {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.body.is_none()
            && let Err(error) = ready!(self.poll_gate(cx))
        {
            return Poll::Ready(Some(Err(error)));
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(self.hint, http_body::Body::size_hint)
    }
}
