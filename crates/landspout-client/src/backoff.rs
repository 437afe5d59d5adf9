//! How long to wait before the next attempt.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a connection that ended stays away before it is made again: exponential back-off with
/// full jitter. The n-th wait is at random between zero and `first`, doubled n - 1 times, but no
/// more than `max`; so that clients that lost the same server do not all come back at once.
///
/// In a file, durations are numbers of seconds, whole or not.
///
/// ```
/// use landspout_client::BackoffConfig;
/// use std::time::Duration;
///
/// let config = BackoffConfig::default().max(Duration::from_secs(5)).max_attempts(10);
/// assert_eq!(config.first, Duration::from_millis(100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BackoffConfig {
    /// The longest the first wait may be. Default 100 ms; zero makes every wait zero.
    #[serde(with = "crate::seconds")]
    pub first: Duration,

    /// The longest any wait may be. Default 30 s.
    #[serde(with = "crate::seconds")]
    pub max: Duration,

    /// How long a connection must have been open for the waits to begin again with `first`. Default
    /// 10 s. A server that accepts and breaks off at once is thereby left alone more and more.
    #[serde(with = "crate::seconds")]
    pub stable: Duration,

    /// Attempts in a row after which the last failure is told instead of another wait. Default 0:
    /// never.
    pub max_attempts: u32,
}

impl Default for BackoffConfig {
    fn default() -> BackoffConfig {
        BackoffConfig {
            first: Duration::from_millis(100),
            max: Duration::from_secs(30),
            stable: Duration::from_secs(10),
            max_attempts: 0,
        }
    }
}

impl BackoffConfig {
    /// Sets [`first`](Self#structfield.first).
    #[must_use]
    pub fn first(mut self, first: Duration) -> BackoffConfig {
        self.first = first;
        self
    }

    /// Sets [`max`](Self#structfield.max).
    #[must_use]
    pub fn max(mut self, max: Duration) -> BackoffConfig {
        self.max = max;
        self
    }

    /// Sets [`stable`](Self#structfield.stable).
    #[must_use]
    pub fn stable(mut self, stable: Duration) -> BackoffConfig {
        self.stable = stable;
        self
    }

    /// Sets [`max_attempts`](Self#structfield.max_attempts).
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> BackoffConfig {
        self.max_attempts = attempts;
        self
    }
}

/// Counts attempts, and tells how long to wait before the next one.
#[derive(Debug)]
pub(crate) struct Backoff {
    config: BackoffConfig,
    /// Attempts since a connection was last stable.
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(config: BackoffConfig) -> Backoff {
        Backoff { config, attempts: 0 }
    }

    /// Notes that a connection was open for so long before it ended.
    pub(crate) fn was_open(&mut self, lasted: Duration) {
        if lasted >= self.config.stable {
            self.attempts = 0;
        }
    }

    /// How long to wait before the next attempt; `None` if there have been too many. `random` is any
    /// number.
    pub(crate) fn next(&mut self, random: u32) -> Option<Duration> {
        let BackoffConfig { first, max, max_attempts, .. } = self.config;
        if max_attempts > 0 && self.attempts >= max_attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        let longest = first.saturating_mul(doubled).min(max);
        Some(longest.mul_f64(f64::from(random) / f64::from(u32::MAX)))
    }
}

/// A number that nobody knew before. Where the system has none, waits are as long as they may be.
pub(crate) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Backoff, BackoffConfig};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> BackoffConfig {
        BackoffConfig::default().first(SECOND).max(5 * SECOND)
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(config());
        let waits: Vec<_> = (0..6).map(|_| backoff.next(u32::MAX).unwrap().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5, 5]);
        let mut forever = Backoff { attempts: u32::MAX, ..Backoff::new(config()) };
        assert_eq!(forever.next(u32::MAX), Some(5 * SECOND));
    }

    #[test]
    fn waits_are_anything_from_zero_to_the_longest() {
        assert_eq!(Backoff::new(config()).next(0), Some(Duration::ZERO));
        let half = Backoff::new(config()).next(u32::MAX / 2).unwrap();
        assert!(half > SECOND * 49 / 100 && half < SECOND * 51 / 100, "{half:?}");
    }

    #[test]
    fn only_a_stable_connection_begins_them_again() {
        let mut backoff = Backoff::new(config());
        backoff.next(0);
        backoff.next(0);
        backoff.was_open(9 * SECOND);
        assert_eq!(backoff.attempts, 2);
        backoff.was_open(10 * SECOND);
        assert_eq!(backoff.next(u32::MAX), Some(SECOND));
    }

    #[test]
    fn it_may_give_up() {
        let mut backoff = Backoff::new(config().max_attempts(2));
        assert!(backoff.next(0).is_some() && backoff.next(0).is_some());
        assert_eq!(backoff.next(0), None);
        backoff.was_open(SECOND * 60);
        assert!(backoff.next(0).is_some());
    }
}
