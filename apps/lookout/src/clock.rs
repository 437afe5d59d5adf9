//! The two clocks: one that people read, one that never goes back.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, in milliseconds since the Unix epoch: for what is stored and shown.
///
/// It may jump when somebody sets it; nothing is scheduled by it.
pub fn wall() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    }
}

/// A clock that begins at the wall clock's time and never goes back or jumps: for schedules.
///
/// Beginning there lets an endpoint keep its place in the round over a restart; not following
/// the wall clock afterwards keeps checks coming when somebody sets it back by an hour.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: i64,
    start: Instant,
}

impl Clock {
    /// A clock set to the wall clock's time.
    pub fn new() -> Self {
        Clock { epoch: wall(), start: Instant::now() }
    }

    /// Its time in milliseconds.
    pub fn now(&self) -> i64 {
        self.epoch + millis(self.start.elapsed())
    }

    /// The instant at which [`now`](Clock::now) will be `at`, which is the present one when
    /// `at` has passed.
    pub fn instant(&self, at: i64) -> Instant {
        let ahead = u64::try_from(at - self.now()).unwrap_or(0);
        Instant::now() + Duration::from_millis(ahead)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new()
    }
}

/// A duration in whole milliseconds, the largest number when it is longer.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
