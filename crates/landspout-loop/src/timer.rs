//! Functions that a loop calls at a later time.

use crate::callback::Callback;
use crate::error::TimeoutError;
use crate::label::{LabelId, Site};
use crate::scheduler::Scheduler;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// What a delay is shortened to when the clock cannot express its end.
const FAR_FUTURE: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Calls `callback` on the current loop when `delay` has passed.
///
/// The clock is monotonic: changes of the wall clock do not matter, and under
/// tokio's paused time the timer follows the paused clock. It has a
/// resolution of one millisecond and is never early. A delay of zero means
/// the loop's next turn, after the callbacks that wait there. Timers run in
/// the order of their times, and those of the same time in the order in which
/// they were set.
///
/// A panic in it is written to the log, with the place of this call, and does
/// not end the loop.
///
/// ```
/// use std::time::Duration;
/// use landspout_loop::{EventLoop, LoopHandle, call_later};
///
/// let event_loop = EventLoop::new()?;
/// event_loop.handle().add_callback(|| {
///     let never = call_later(Duration::from_millis(1), || panic!("cancelled below"));
///     call_later(Duration::from_millis(2), || LoopHandle::current().stop());
///     assert!(never.cancel());
/// });
/// event_loop.start();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[track_caller]
pub fn call_later(delay: Duration, callback: impl FnOnce() + 'static) -> Timeout {
    let label = Site::Timer.label(Location::caller());
    let now = Instant::now();
    let due = now.checked_add(delay).unwrap_or_else(|| now + FAR_FUTURE);
    set(due, Callback { label, run: Box::new(callback) })
}

/// Calls `callback` on the current loop at `due`.
///
/// An instant in the past means the loop's next turn. Everything else is as
/// with [`call_later`].
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[track_caller]
pub fn call_at(due: Instant, callback: impl FnOnce() + 'static) -> Timeout {
    let label = Site::Timer.label(Location::caller());
    set(due, Callback { label, run: Box::new(callback) })
}

fn set(due: Instant, callback: Callback) -> Timeout {
    let scheduler = Scheduler::current();
    let key = scheduler.add_timer(due, callback);
    Timeout { key, scheduler: Rc::downgrade(&scheduler) }
}

/// A timer that was set with [`call_later`] or [`call_at`].
///
/// Dropping it does not cancel the timer. It stays on the loop's thread.
#[derive(Clone)]
pub struct Timeout {
    key: TimerKey,
    scheduler: Weak<Scheduler>,
}

impl Timeout {
    /// Sets a timer on `scheduler`, or none when its loop is gone.
    pub(crate) fn on(
        scheduler: &Weak<Scheduler>,
        due: Instant,
        label: LabelId,
        callback: impl FnOnce() + 'static,
    ) -> Option<Timeout> {
        let key = scheduler.upgrade()?.add_timer(due, Callback { label, run: Box::new(callback) });
        Some(Timeout { key, scheduler: Weak::clone(scheduler) })
    }

    /// Cancels the timer, and drops its callback. Returns false, and does
    /// nothing, when the callback has already begun or was cancelled before.
    pub fn cancel(&self) -> bool {
        let scheduler = self.scheduler.upgrade();
        scheduler.is_some_and(|scheduler| scheduler.remove_timer(self.key).is_some())
    }

    /// When the timer is due.
    pub fn due(&self) -> Instant {
        self.key.due
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("due", &self.due()).finish_non_exhaustive()
    }
}

/// Waits for `future`, but not for longer than `limit`.
///
/// At the limit the future is dropped, which cancels it. To let it go on, give
/// a reference to it: `with_timeout(limit, &mut task)`.
///
/// ```
/// use std::{future, time::Duration};
/// use landspout_loop::{EventLoop, TimeoutError, with_timeout};
///
/// let never = with_timeout(Duration::from_millis(1), future::pending::<()>());
/// let outcome: Result<(), TimeoutError> = EventLoop::new()?.run_until(never);
/// assert!(outcome.is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// [`TimeoutError`] when `limit` passes first.
///
/// # Panics
/// Outside of a tokio runtime with time enabled.
///
/// # Cancel safety
/// As cancel safe as `future` is.
pub async fn with_timeout<F: Future>(
    limit: Duration,
    future: F,
) -> Result<F::Output, TimeoutError> {
    tokio::time::timeout(limit, future).await.map_err(|_| TimeoutError(()))
}

/// A timer's place in the order of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    pub(crate) due: Instant,
    sequence: u64,
}

/// The timers of one loop that have neither run nor been cancelled.
///
/// An ordered map, because cancelling must be as cheap as setting: most
/// timeouts of a server never fire.
#[derive(Default)]
pub(crate) struct Timers {
    waiting: BTreeMap<TimerKey, Callback>,
    next_sequence: u64,
}

impl Timers {
    pub(crate) fn insert(&mut self, due: Instant, callback: Callback) -> TimerKey {
        let key = TimerKey { due, sequence: self.next_sequence };
        self.next_sequence += 1;
        self.waiting.insert(key, callback);
        key
    }

    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<Callback> {
        self.waiting.remove(&key)
    }

    /// The timers due at `now`, in order. They stay, so that one of them may
    /// cancel another, and so that those they set wait for the next turn.
    pub(crate) fn due(&self, now: Instant) -> Vec<TimerKey> {
        let due = self.waiting.keys().take_while(|key| key.due <= now);
        due.copied().collect()
    }

    pub(crate) fn len(&self) -> u64 {
        self.waiting.len() as u64
    }

    pub(crate) fn first(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(key, _)| key.due)
    }
}
