//! When a request is sent once more, and after how long.

use crate::Phase;
use crate::error::{Failure, Kind};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

/// When a request is sent once more: after an answer with one of these statuses, or where the
/// connection failed before there was one.
///
/// A request is repeated if its method is idempotent (RFC 9110 §9.2.2) and its body can be sent
/// again; one that was never sent, because no connection could be made, whatever its method. The
/// waits double from `base_delay` to `max_delay`, and each is cut to a random part of itself, so
/// that many clients do not return at once. All attempts together stay within the request's
/// [`timeout`](crate::ClientConfig#structfield.timeout): there is no further one if it could only
/// begin later.
///
/// ```
/// use landspout_client::{ClientConfig, RetryConfig};
///
/// let config = ClientConfig::default().retry(RetryConfig::default().max_retries(3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryConfig {
    /// How often a request is sent again, beside the first time; per redirect. Default 0: never.
    pub max_retries: u32,

    /// The longest wait before the first repetition. Default 0.1 s. The next waits are twice as
    /// long, each.
    #[serde(with = "crate::seconds")]
    pub base_delay: Duration,

    /// The longest wait before any. Default 10 s.
    #[serde(with = "crate::seconds")]
    pub max_delay: Duration,

    /// The longest `Retry-After` that is waited for, in place of the wait that it would have been.
    /// Default 30 s. With a longer one the answer is the answer; at 0 the header is not heeded.
    #[serde(with = "crate::seconds")]
    pub max_retry_after: Duration,

    /// The statuses that say that another time may be better. Default 408, 429, 502, 503, 504.
    pub statuses: Vec<u16>,

    /// Whether methods that are not idempotent are repeated as well, as POST and PATCH. Default
    /// false: the server may have done what it was asked for, and may do it twice.
    pub any_method: bool,
}

impl Default for RetryConfig {
    fn default() -> RetryConfig {
        RetryConfig {
            max_retries: 0,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(30),
            statuses: vec![408, 429, 502, 503, 504],
            any_method: false,
        }
    }
}

impl RetryConfig {
    /// Sets [`max_retries`](Self#structfield.max_retries).
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> RetryConfig {
        self.max_retries = max_retries;
        self
    }

    /// Sets [`base_delay`](Self#structfield.base_delay).
    #[must_use]
    pub fn base_delay(mut self, base_delay: Duration) -> RetryConfig {
        self.base_delay = base_delay;
        self
    }

    /// Sets [`max_delay`](Self#structfield.max_delay).
    #[must_use]
    pub fn max_delay(mut self, max_delay: Duration) -> RetryConfig {
        self.max_delay = max_delay;
        self
    }

    /// Sets [`max_retry_after`](Self#structfield.max_retry_after).
    #[must_use]
    pub fn max_retry_after(mut self, max_retry_after: Duration) -> RetryConfig {
        self.max_retry_after = max_retry_after;
        self
    }

    /// Sets [`statuses`](Self#structfield.statuses).
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> RetryConfig {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Sets [`any_method`](Self#structfield.any_method).
    #[must_use]
    pub fn any_method(mut self, any_method: bool) -> RetryConfig {
        self.any_method = any_method;
        self
    }

    /// How long to wait before another attempt after this answer; `None` if there is to be none.
    /// `retries` have been made, `now` and `random`, from 0 to 1, are what they are.
    pub(crate) fn after_answer(
        &self,
        (status, headers): (StatusCode, &HeaderMap),
        method: &Method,
        retries: u32,
        (now, random): (SystemTime, f64),
    ) -> Option<Duration> {
        let may = self.any_method || method.is_idempotent();
        if !may || retries >= self.max_retries || !self.statuses.contains(&status.as_u16()) {
            return None;
        }
        let delay = self.delay(retries, random);
        if self.max_retry_after.is_zero() {
            return Some(delay);
        }
        match headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now)) {
            Some(asked) if asked > self.max_retry_after => None,
            Some(asked) => Some(asked),
            None => Some(delay),
        }
    }

    /// As [`after_answer`](RetryConfig::after_answer), where there was none: it failed in this
    /// phase.
    pub(crate) fn after_failure(
        &self,
        failure: &Failure,
        phase: Phase,
        method: &Method,
        retries: u32,
        random: f64,
    ) -> Option<Duration> {
        let unsent = matches!(phase, Phase::Dns | Phase::Connect);
        let sent = matches!(phase, Phase::Send | Phase::FirstByte);
        let may = unsent || (sent && (self.any_method || method.is_idempotent()));
        let passing = matches!(failure.kind, Kind::Failed | Kind::Timeout(_));
        let again = may && passing && retries < self.max_retries;
        again.then(|| self.delay(retries, random))
    }

    fn delay(&self, retries: u32, random: f64) -> Duration {
        let doubled =
            2_u32.checked_pow(retries).and_then(|times| self.base_delay.checked_mul(times));
        doubled.unwrap_or(self.max_delay).min(self.max_delay).mul_f64(random)
    }
}

/// RFC 9110 §10.2.3: a number of seconds, or a date. A date that has passed is now.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// An attempt that was followed by another one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The URL that was asked, without user and password.
    pub url: String,
    /// The status of the answer; `None` if there was none.
    pub status: Option<StatusCode>,
    /// What went wrong, if there was no answer.
    pub error: Option<String>,
    /// How long the client waited then.
    pub waited: Duration,
}

/// A bucket of tokens that all requests of a client share: each request adds a fifth of one, each
/// repetition takes one. Where most requests fail, no more than one in five is repeated, so that
/// clients do not hold down a server that is getting up.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    /// Fifths of tokens.
    fifths: AtomicU64,
    capacity: u64,
}

impl RetryBudget {
    /// A bucket for this many tokens, which is full; 0 is one that never ends.
    pub(crate) fn new(tokens: u32) -> RetryBudget {
        let capacity = u64::from(tokens) * 5;
        RetryBudget { fifths: AtomicU64::new(capacity), capacity }
    }

    pub(crate) fn deposit(&self) {
        let add = |fifths| (fifths < self.capacity).then_some(fifths + 1);
        let _ = self.fifths.fetch_update(Relaxed, Relaxed, add);
    }

    /// Takes a token, if there is one.
    pub(crate) fn withdraw(&self) -> bool {
        let take = |fifths: u64| fifths.checked_sub(5);
        self.capacity == 0 || self.fifths.fetch_update(Relaxed, Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_cut_at_random() {
        let retry = RetryConfig::default().max_delay(Duration::from_secs(1));
        for (retries, random, millis) in [
            (0, 1.0, 100),
            (1, 1.0, 200),
            (3, 1.0, 800),
            (4, 1.0, 1000),
            (1, 0.25, 50),
            (9, 0.0, 0),
        ] {
            assert_eq!(retry.delay(retries, random), Duration::from_millis(millis));
        }
        assert_eq!(retry.delay(u32::MAX, 1.0), Duration::from_secs(1));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(3)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn a_budget_lets_one_in_five_be_repeated() {
        let budget = RetryBudget::new(2);
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        (0..5).for_each(|_| budget.deposit());
        assert!(budget.withdraw() && !budget.withdraw());
        (0..100).for_each(|_| budget.deposit());
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        assert!((0..100).all(|_| RetryBudget::new(0).withdraw()));
    }
}
