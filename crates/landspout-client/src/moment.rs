//! Moments, as numbers.

use std::ops::Add;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::time::Instant;

/// A moment: nanoseconds after [`BEGAN`]. Its default is that one, which is before all others.
///
/// Each request compares and subtracts several. With whole numbers that costs nothing, and they
/// fit into an atomic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// An hour before the first moment was asked for: a clock that a test has stopped is not behind it.
static BEGAN: LazyLock<Instant> = LazyLock::new(|| {
    let first = std::time::Instant::now();
    Instant::from_std(first.checked_sub(Duration::from_secs(3600)).unwrap_or(first))
});

impl Moment {
    pub(crate) fn now() -> Moment {
        Moment::of(Instant::now())
    }

    pub(crate) fn of(instant: Instant) -> Moment {
        Moment(nanos(instant.saturating_duration_since(*BEGAN)).unwrap_or(u64::MAX))
    }

    /// `None` if nobody will see it.
    pub(crate) fn checked_add(self, duration: Duration) -> Option<Moment> {
        self.0.checked_add(nanos(duration)?).map(Moment)
    }

    /// How long ago `earlier` was then; zero if it was not.
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// For a timer of the runtime.
    pub(crate) fn instant(self) -> Instant {
        *BEGAN + Duration::from_nanos(self.0)
    }

    /// For an atomic; never 0.
    pub(crate) fn to_number(self) -> u64 {
        self.0.max(1)
    }

    /// What was in an atomic; `None` for 0.
    pub(crate) fn from_number(number: u64) -> Option<Moment> {
        (number != 0).then_some(Moment(number))
    }
}

/// Moments end after 584 years, and the last one stays.
impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, duration: Duration) -> Moment {
        self.checked_add(duration).unwrap_or(Moment(u64::MAX))
    }
}

fn nanos(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_as_instants_do() {
        let (instant, second) = (Instant::now(), Duration::from_secs(1));
        let moment = Moment::of(instant);
        assert_eq!((moment + second).instant(), instant + second);
        assert_eq!(Moment::of(instant + second).since(moment), second);
        assert_eq!(moment.since(moment + second), Duration::ZERO);
        assert_eq!(moment.checked_add(Duration::MAX), None);
        assert_eq!(Moment::from_number(moment.to_number()), Some(moment));
        assert!(Moment::default() < moment && Moment::from_number(0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_clock_is_told_from_the_beginning() {
        let first = Moment::now();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(Moment::now().since(first), Duration::from_secs(5));
    }
}
