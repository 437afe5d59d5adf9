//! What a loop has done so far, readable from any thread.

use std::time::Duration;

/// Upper bounds of the lag buckets, in milliseconds; one bucket more holds
/// what is above. tokio's timers tick once a millisecond, so nothing finer
/// would say anything about the loop.
pub(crate) const LAG_BOUNDS_MS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/// A snapshot of one loop's statistics, from
/// [`LoopHandle::stats`](crate::LoopHandle::stats).
///
/// All counts begin when the loop is made. The loop writes them without
/// locks, so a snapshot taken while it runs may be off by the event of that
/// moment.
///
/// ```
/// use landspout_loop::{EventLoop, add_callback};
///
/// let event_loop = EventLoop::new()?;
/// event_loop.run_until(async {
///     add_callback(|| ());
///     tokio::task::yield_now().await;
/// });
/// assert_eq!(event_loop.handle().stats().callbacks_run, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopStats {
    /// Time spent running code.
    pub busy: Duration,
    /// Time spent waiting for something to happen. Time in which the loop is
    /// not run at all is neither busy nor idle.
    pub idle: Duration,
    /// Callbacks run, without timers.
    pub callbacks_run: u64,
    /// Tasks ever spawned through this crate.
    pub tasks_spawned: u64,
    /// Tasks spawned through this crate that have not ended.
    pub tasks_alive: u64,
    /// Timers that have run their callback.
    pub timers_fired: u64,
    /// Timers waiting for their time.
    pub timers_pending: u64,
    /// Panics caught in callbacks, timers and tasks.
    pub panics: u64,
    /// Times the watchdog saw this loop held for longer than its threshold.
    pub stalls: u64,
    /// How late the timers ran.
    pub lag: LagHistogram,
}

impl LoopStats {
    /// The share of its time, from 0 to 1, that the loop was busy. 0 for a
    /// loop that has not run.
    pub fn busy_share(&self) -> f64 {
        share(self.busy, self.idle)
    }

    /// The busy share of the time between `earlier` and this snapshot.
    pub fn busy_share_since(&self, earlier: &LoopStats) -> f64 {
        share(self.busy.saturating_sub(earlier.busy), self.idle.saturating_sub(earlier.idle))
    }
}

fn share(busy: Duration, idle: Duration) -> f64 {
    let whole = busy + idle;
    if whole.is_zero() {
        return 0.0;
    }
    busy.as_secs_f64() / whole.as_secs_f64()
}

/// How late timers ran: the time between when they were due and when their
/// callback began, counted in fixed buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagHistogram {
    counts: [u64; LAG_BOUNDS_MS.len() + 1],
}

impl LagHistogram {
    pub(crate) fn new(counts: [u64; LAG_BOUNDS_MS.len() + 1]) -> LagHistogram {
        LagHistogram { counts }
    }

    /// Each bucket's upper bound, inclusive, and how many timers fell into
    /// it and not into the one before. The last bucket has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = LAG_BOUNDS_MS.into_iter().map(|ms| Some(Duration::from_millis(ms)));
        bounds.chain([None]).zip(self.counts)
    }

    /// How many timers were measured.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}
