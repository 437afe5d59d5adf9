//! What a client has done so far, in numbers.

use crate::FetchError;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a client, with its clones, has done so far; read by
/// [`Client::metrics`](crate::Client::metrics). All are counts since the client was made, but for
/// `in_flight`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientMetrics {
    /// Requests that began. Redirects and repetitions belong to the request that they are made for.
    pub requests: u64,
    /// Requests whose head has not arrived yet.
    pub in_flight: u64,
    /// Answers by the first digit of their status: 1xx, which there are none of, to 5xx.
    pub answers: [u64; 5],
    /// Requests that ran out of time before their head arrived.
    pub timeouts: u64,
    /// Requests that failed before their head arrived, for another reason.
    pub failures: u64,
    /// Requests that were dropped before their head arrived.
    pub cancelled: u64,
    /// Redirects that were followed.
    pub redirects: u64,
    /// Repetitions, after a passing error.
    pub retries: u64,
    /// Bytes of bodies that arrived, as they were on the wire, less their framing. Counted when a
    /// body is over or dropped.
    pub bytes_received: u64,
}

/// The numbers, as they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    answers: [AtomicU64; 5],
    timeouts: AtomicU64,
    failures: AtomicU64,
    cancelled: AtomicU64,
    redirects: AtomicU64,
    retries: AtomicU64,
    bytes_received: AtomicU64,
}

impl Counters {
    /// Counts a request, and returns its number.
    pub(crate) fn begin(&self) -> (u64, Counted<'_>) {
        (self.requests.fetch_add(1, Relaxed) + 1, Counted { counters: Some(self) })
    }

    pub(crate) fn redirected(&self) {
        self.redirects.fetch_add(1, Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self) -> ClientMetrics {
        // Those that ended are read before those that began, of which there are never fewer.
        let answers = [0, 1, 2, 3, 4].map(|index: usize| self.answers[index].load(Relaxed));
        let [timeouts, failures, cancelled] =
            [&self.timeouts, &self.failures, &self.cancelled].map(|count| count.load(Relaxed));
        let requests = self.requests.load(Relaxed);
        let ended = answers.iter().sum::<u64>() + timeouts + failures + cancelled;
        ClientMetrics {
            requests,
            in_flight: requests.saturating_sub(ended),
            answers,
            timeouts,
            failures,
            cancelled,
            redirects: self.redirects.load(Relaxed),
            retries: self.retries.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
        }
    }
}

/// A request that was counted, and whose end will be. Dropped before, it was cancelled.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    counters: Option<&'a Counters>,
}

impl Counted<'_> {
    pub(crate) fn answered(mut self, status: StatusCode) {
        if let Some(counters) = self.counters.take() {
            let class = usize::from(status.as_u16() / 100).clamp(1, 5);
            counters.answers[class - 1].fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn failed(mut self, error: &FetchError) {
        if let Some(counters) = self.counters.take() {
            let count = if error.is_timeout() { &counters.timeouts } else { &counters.failures };
            count.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Some(counters) = self.counters {
            counters.cancelled.fetch_add(1, Relaxed);
        }
    }
}

/// The bytes of one body, which are counted when it is over or dropped.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) counters: Arc<Counters>,
    pub(crate) bytes: u64,
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.counters.bytes_received.fetch_add(self.bytes, Relaxed);
    }
}
