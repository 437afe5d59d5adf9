//! Tasks: futures that a loop runs beside each other.

use crate::callback::report_panic;
use crate::error::TaskError;
use crate::label::{LabelId, Site, label};
use crate::scheduler::Scheduler;
use pin_project_lite::pin_project;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::task::JoinHandle;

/// Runs `future` as a task of the current loop.
///
/// The task begins on the loop's next turn and runs whether or not anybody
/// waits for it. The future stays on this thread and need not be `Send`.
///
/// A panic in it is written to the log, with the place of this call, and does
/// not end the loop; who awaits the task gets it as a [`TaskError`].
///
/// ```
/// use landspout_loop::{EventLoop, spawn};
///
/// let sum = EventLoop::new()?.run_until(async {
///     let task = spawn(async { 1 + 2 });
///     task.await
/// });
/// assert_eq!(sum, Ok(3));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[track_caller]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
{
    spawn_labelled(Site::Task.label(Location::caller()), future)
}

/// Runs `future` as a task that is called `name` in the log, where
/// [`spawn`] would use the file and line of the call.
///
/// Name the kind of task, not the single one: names are kept as long as the
/// process lives (see [`label`](fn@crate::label)).
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[track_caller]
pub fn spawn_named<F>(name: &str, future: F) -> Task<F::Output>
where
    F: Future + 'static,
{
    spawn_labelled(label(&format!("task `{name}`")), future)
}

#[track_caller]
pub(crate) fn spawn_labelled<F>(label: LabelId, future: F) -> Task<F::Output>
where
    F: Future + 'static,
{
    let alive = Alive::new(Scheduler::current());
    Task { join: tokio::task::spawn_local(Guarded { future, label, alive }) }
}

/// A spawned task. Await it for its result.
///
/// Dropping it lets the task run on by itself.
///
/// # Cancel safety
/// Awaiting `&mut task` is cancel safe: the result stays until it is taken.
#[must_use = "a task runs without being awaited, but its result is lost: say `drop(task)` to mean that"]
pub struct Task<T> {
    join: JoinHandle<Result<T, TaskError>>,
}

impl<T> Task<T> {
    /// Cancels the task: its future is dropped on the loop's next turn, unless
    /// it ends before.
    pub fn abort(&self) {
        self.join.abort();
    }

    /// The task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.join.is_finished()
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A panic is caught within the task, so that what is left for tokio to
        // report is cancellation, and a panic in the future's destructor.
        let joined = ready!(Pin::new(&mut self.join).poll(cx));
        Poll::Ready(joined.unwrap_or_else(|error| {
            Err(match error.is_panic() {
                true => TaskError::panicked("the future panicked while it was dropped".to_owned()),
                false => TaskError::cancelled(),
            })
        }))
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

pin_project! {
    /// A future polled under its label, whose panic is a value.
    struct Guarded<F> {
        #[pin]
        future: F,
        label: LabelId,
        alive: Alive,
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let gauges = &this.alive.scheduler.shared().gauges;
        let label = *this.label;
        let poll = AssertUnwindSafe(|| {
            let _section = gauges.section(label);
            this.future.poll(cx)
        });
        match catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let message = report_panic(gauges, label, payload.as_ref());
                Poll::Ready(Err(TaskError::panicked(message)))
            }
        }
    }
}

/// Counts a task as long as it lives.
struct Alive {
    scheduler: Rc<Scheduler>,
}

impl Alive {
    fn new(scheduler: Rc<Scheduler>) -> Alive {
        scheduler.shared().gauges.tasks_spawned.add(1);
        scheduler.shared().gauges.tasks_alive.add(1);
        Alive { scheduler }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.scheduler.shared().gauges.tasks_alive.subtract(1);
    }
}
