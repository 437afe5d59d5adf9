//! The task of an HTTP/1.1 connection.

use crate::moment::Moment;
use crate::wire::Wire;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::{Sleep, sleep_until};

/// Drives a connection until it ends, or until the answer to its request is too late.
///
/// The time limit is kept here, and not where the answer is awaited: a timer runs on when its
/// request was answered, and when it goes off it is set to the limit of the request that is under
/// way then. So most requests neither set a timer nor take one back.
#[derive(Debug)]
pub(super) struct Driver<C> {
    connection: C,
    wire: Arc<Wire>,
    timer: Option<Timer>,
}

#[derive(Debug)]
struct Timer {
    at: Moment,
    sleep: Pin<Box<Sleep>>,
}

impl<C> Driver<C> {
    pub(super) fn new(connection: C, wire: Arc<Wire>) -> Driver<C> {
        Driver { connection, wire, timer: None }
    }

    /// Ready when the answer is too late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.wire.deadline() else { return Poll::Pending };
        match &mut self.timer {
            // It goes off early enough, and wakes this task then.
            Some(timer) if timer.at <= deadline && !timer.sleep.is_elapsed() => Poll::Pending,
            Some(timer) => {
                timer.at = deadline;
                timer.sleep.as_mut().reset(deadline.instant());
                timer.sleep.as_mut().poll(cx)
            }
            timer => {
                let sleep = Box::pin(sleep_until(deadline.instant()));
                timer.insert(Timer { at: deadline, sleep }).sleep.as_mut().poll(cx)
            }
        }
    }
}

impl<C: Future<Output = Result<(), hyper::Error>> + Unpin> Future for Driver<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        if let Poll::Ready(ended) = Pin::new(&mut driver.connection).poll(cx) {
            // A request that was under way has been told already.
            if let Err(error) = ended {
                tracing::debug!(%error, "an idle connection broke");
            }
            return Poll::Ready(());
        }
        // Afterwards, because a request and its limit may have been taken on just now.
        driver.poll_late(cx).map(|()| driver.wire.note_late())
    }
}
