//! The loop, as hyper sees it.

use crate::link::Link;
use hyper::rt::{Executor, Sleep, Timer};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::spawn_local;

/// Runs the tasks of one connection on the current loop.
#[derive(Debug, Clone)]
pub(super) struct StreamTasks(Rc<Link>);

impl StreamTasks {
    pub(super) fn of(link: &Rc<Link>) -> StreamTasks {
        StreamTasks(link.clone())
    }
}

impl<F> Executor<F> for StreamTasks
where
    F: Future + 'static,
    F::Output: 'static,
{
    /// A request's task is run right after its service was called.
    fn execute(&self, task: F) {
        let task = spawn_local(task);
        self.0.streams().run_in(task.abort_handle());
    }
}

/// The loop's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoopTimer;

impl Timer for LoopTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(LoopSleep(Box::pin(tokio::time::sleep(duration))))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(LoopSleep(Box::pin(tokio::time::sleep_until(deadline.into()))))
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

struct LoopSleep(Pin<Box<tokio::time::Sleep>>);

impl Sleep for LoopSleep {}

impl Future for LoopSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
