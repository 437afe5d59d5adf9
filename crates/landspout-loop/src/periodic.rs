//! A function that a loop calls again and again.

use crate::error::PeriodicError;
use crate::label::{LabelId, Site};
use crate::scheduler::Scheduler;
use crate::spawn::spawn_labelled;
use crate::timer::Timeout;
use std::cell::{Cell, RefCell};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// Calls a function every `period`, from start to start.
///
/// The first call comes one period after [`start`](PeriodicCallback::start).
/// A call never overlaps the one before it: where a call takes longer than the
/// period, or the loop is late, the cycles missed are skipped as a whole and
/// the next call comes at the next multiple of the period.
///
/// A panic in a call is written to the log, and the schedule goes on. Dropping
/// the `PeriodicCallback` does not stop it.
///
/// ```
/// use std::{cell::Cell, rc::Rc, time::Duration};
/// use landspout_loop::{EventLoop, LoopHandle, PeriodicCallback};
///
/// let event_loop = EventLoop::new()?;
/// let count = Rc::new(Cell::new(0));
/// let seen = Rc::clone(&count);
/// let ticker = PeriodicCallback::new(Duration::from_millis(1), move || {
///     seen.set(seen.get() + 1);
///     if seen.get() == 3 {
///         LoopHandle::current().stop();
///     }
/// })?;
/// event_loop.run_until(async { ticker.start() });
/// event_loop.start();
/// assert!(count.get() >= 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PeriodicCallback {
    cycle: Rc<Cycle>,
}

impl PeriodicCallback {
    /// A plain function, called on the loop itself.
    ///
    /// # Errors
    /// [`PeriodicError::ZeroPeriod`] when `period` is zero.
    pub fn new(
        period: Duration,
        mut callback: impl FnMut() + 'static,
    ) -> Result<PeriodicCallback, PeriodicError> {
        PeriodicCallback::with(period, move || {
            callback();
            None
        })
    }

    /// An async function, each call of which is a task of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use landspout_loop::{PeriodicCallback, sleep};
    ///
    /// let slow = PeriodicCallback::new_async(Duration::from_secs(60), async || {
    ///     sleep(Duration::from_secs(1)).await;
    /// })?;
    /// assert!(!slow.is_running());
    /// # Ok::<(), landspout_loop::PeriodicError>(())
    /// ```
    ///
    /// # Errors
    /// [`PeriodicError::ZeroPeriod`] when `period` is zero.
    pub fn new_async<C, F>(
        period: Duration,
        mut callback: C,
    ) -> Result<PeriodicCallback, PeriodicError>
    where
        C: FnMut() -> F + 'static,
        F: Future<Output = ()> + 'static,
    {
        PeriodicCallback::with(period, move || Some(Box::pin(callback()) as Call))
    }

    fn with(
        period: Duration,
        callback: impl FnMut() -> Option<Call> + 'static,
    ) -> Result<PeriodicCallback, PeriodicError> {
        if period.is_zero() {
            return Err(PeriodicError::ZeroPeriod);
        }
        let cycle = Cycle {
            period,
            jitter: Cell::new(0.0),
            callback: RefCell::new(Box::new(callback)),
            run: RefCell::new(None),
            calling: Cell::new(false),
        };
        Ok(PeriodicCallback { cycle: Rc::new(cycle) })
    }

    /// Makes each period longer or shorter by chance, within a window of this
    /// share of the period that is centred on it: with 0.1, from 95 % to
    /// 105 %. It keeps many timers that were started together from firing
    /// together for ever. From 0 (the default, none) to 1.
    ///
    /// # Errors
    /// [`PeriodicError::Jitter`] when `share` is not a number from 0 to 1.
    pub fn jitter(self, share: f64) -> Result<PeriodicCallback, PeriodicError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(PeriodicError::Jitter(share));
        }
        self.cycle.jitter.set(share);
        Ok(self)
    }

    /// Begins the schedule on the current loop. Does nothing when it runs.
    ///
    /// # Panics
    /// Outside of a loop; see [the crate's page](crate#where-it-works).
    #[track_caller]
    pub fn start(&self) {
        if self.is_running() {
            return;
        }
        let run = Run {
            scheduler: Rc::downgrade(&Scheduler::current()),
            label: Site::Periodic.label(Location::caller()),
            due: Instant::now(),
            timeout: None,
        };
        *self.cycle.run.borrow_mut() = Some(run);
        self.cycle.schedule();
    }

    /// Ends the schedule: no call begins any more. An async call that has
    /// begun goes on to its end. It may be started again.
    pub fn stop(&self) {
        let run = self.cycle.run.take();
        if let Some(timeout) = run.and_then(|run| run.timeout) {
            timeout.cancel();
        }
    }

    /// It has been started and not stopped.
    pub fn is_running(&self) -> bool {
        self.cycle.run.borrow().is_some()
    }
}

impl fmt::Debug for PeriodicCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeriodicCallback")
            .field("period", &self.cycle.period)
            .field("is_running", &self.is_running())
            .finish_non_exhaustive()
    }
}

type Call = Pin<Box<dyn Future<Output = ()>>>;

/// What is shared by the handle, the timer and the call.
struct Cycle {
    period: Duration,
    jitter: Cell<f64>,
    /// Gives a future when the call has not ended by returning.
    callback: RefCell<Box<dyn FnMut() -> Option<Call>>>,
    /// Present from start to stop.
    run: RefCell<Option<Run>>,
    /// A call has begun and not ended.
    calling: Cell<bool>,
}

struct Run {
    scheduler: Weak<Scheduler>,
    label: LabelId,
    /// When the last call was due, or when the schedule was started.
    due: Instant,
    /// None while a call of this run is on its way.
    timeout: Option<Timeout>,
}

impl Cycle {
    /// Sets the timer for the next call, if the schedule runs and has none.
    fn schedule(self: &Rc<Cycle>) {
        let mut run = self.run.borrow_mut();
        let Some(run) = &mut *run else {
            return;
        };
        if run.timeout.is_some() {
            return;
        }
        let period = jittered(self.period, self.jitter.get());
        run.due = next_due(run.due, Instant::now(), period);
        let cycle = Rc::clone(self);
        run.timeout = Timeout::on(&run.scheduler, run.due, run.label, move || cycle.call());
    }

    fn call(self: &Rc<Cycle>) {
        let label = match &mut *self.run.borrow_mut() {
            Some(run) => {
                run.timeout = None;
                run.label
            }
            None => return,
        };
        // A call from before a stop and a start may still be on its way: the
        // new schedule skips a cycle rather than overlap it.
        if self.calling.replace(true) {
            return self.schedule();
        }
        let ended = Ended(Rc::clone(self));
        let call = (self.callback.borrow_mut())();
        if let Some(call) = call {
            drop(spawn_labelled(label, async move {
                let _ended = ended;
                call.await;
            }));
        }
    }
}

/// Dropped when a call ends: by returning, by a panic, or with its task.
struct Ended(Rc<Cycle>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.calling.set(false);
        self.0.schedule();
    }
}

/// The next time after `now` that lies a whole number of periods, at least
/// one, after `due`.
fn next_due(due: Instant, now: Instant, period: Duration) -> Instant {
    let late = now.saturating_duration_since(due).as_nanos();
    let cycles = late / period.as_nanos() + 1;
    let step = u64::try_from(cycles * period.as_nanos()).unwrap_or(u64::MAX);
    due + Duration::from_nanos(step)
}

/// `period` times a random factor between `1 - share / 2` and `1 + share / 2`.
fn jittered(period: Duration, share: f64) -> Duration {
    if share == 0.0 {
        return period;
    }
    // Each RandomState has other keys, so that hashing nothing is a random
    // number; good enough to spread timers, and no further dependency.
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    let seconds = period.as_secs_f64() * (1.0 + share * (random - 0.5));
    Duration::try_from_secs_f64(seconds).unwrap_or(period).max(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(late: u64, expected: u64) {
        let (due, period) = (Instant::now(), Duration::from_secs(10));
        let next = next_due(due, due + Duration::from_secs(late), period);
        assert_eq!((next - due).as_secs(), expected);
    }

    #[test]
    fn the_next_call_is_the_first_whole_period_after_now() {
        check(0, 10);
        check(9, 10);
        check(10, 20);
        check(35, 40);
    }

    #[test]
    fn jitter_stays_within_its_window_and_varies() {
        let period = Duration::from_secs(10);
        let periods: Vec<_> = (0..100).map(|_| jittered(period, 0.2)).collect();
        let window = Duration::from_secs(9)..=Duration::from_secs(11);
        assert!(periods.iter().all(|period| window.contains(period)));
        assert!(periods.iter().any(|period| *period != periods[0]));
        // One that cannot be made longer stays as it is.
        assert!((0..100).all(|_| jittered(Duration::MAX, 1.0) > Duration::MAX / 4));
    }
}
