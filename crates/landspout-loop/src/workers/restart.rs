//! When a worker that has panicked may start again.

use crate::workers::config::WorkersConfig;
use std::time::Duration;

/// A delay that doubles with each failure, up to a bound, and is short again
/// after a run that went well for a while.
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    reset_after: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(config: &WorkersConfig) -> Backoff {
        let shortest = config.restart_delay;
        Backoff {
            shortest,
            longest: config.restart_delay_max.max(shortest),
            reset_after: config.restart_reset,
            next: shortest,
        }
    }

    /// How long to wait after a run that lasted `ran` and then failed.
    pub(crate) fn delay(&mut self, ran: Duration) -> Duration {
        if ran >= self.reset_after {
            self.next = self.shortest;
        }
        let delay = self.next;
        self.next = self.longest.min(delay.saturating_mul(2));
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_to_its_bound_and_is_reset_by_a_good_run() {
        let config = WorkersConfig::default()
            .restart_delay(Duration::from_secs(1))
            .restart_delay_max(Duration::from_secs(5))
            .restart_reset(Duration::from_secs(60));
        let mut backoff = Backoff::new(&config);
        let mut delay = |ran| backoff.delay(Duration::from_secs(ran)).as_secs();
        assert_eq!([0, 0, 59, 0, 0, 60, 0].map(&mut delay), [1, 2, 4, 5, 5, 1, 2]);
    }
}
