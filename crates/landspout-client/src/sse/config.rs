//! The settings of an event source.

use crate::BackoffConfig;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The settings of an [`EventSource`](super::EventSource). In a file, durations are numbers of
/// seconds, whole or not.
///
/// ```
/// use landspout_client::sse::EventSourceConfig;
/// use std::time::Duration;
///
/// let config = EventSourceConfig::default().idle_timeout(Duration::from_secs(60));
/// assert_eq!(config.max_event, 1024 * 1024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EventSourceConfig {
    /// Bytes that the lines of one event may have together. Default 1 048 576 (1 MiB). A longer
    /// event is an error, and the stream is not opened again. Comments are not kept and do not
    /// count.
    pub max_event: usize,

    /// How long opening the stream may take, up to the head of the answer, redirects included.
    /// Default 20 s; zero is no limit. It counts instead of the request's own
    /// [`timeout`](crate::RequestBuilder::timeout), because a stream has no end.
    #[serde(with = "crate::seconds")]
    pub open_timeout: Duration,

    /// How long nothing may come, comments included, before the stream is given up and opened again.
    /// Default zero: for ever, because not every server sends something now and then. Where it does,
    /// a limit of some of its intervals finds a connection that died without a word.
    #[serde(with = "crate::seconds")]
    pub idle_timeout: Duration,

    /// How long to wait before the stream is opened again. What the server asks for by `retry`, up
    /// to an hour, is waited in addition.
    pub backoff: BackoffConfig,
}

impl Default for EventSourceConfig {
    fn default() -> EventSourceConfig {
        EventSourceConfig {
            max_event: 1024 * 1024,
            open_timeout: Duration::from_secs(20),
            idle_timeout: Duration::ZERO,
            backoff: BackoffConfig::default(),
        }
    }
}

impl EventSourceConfig {
    /// Sets [`max_event`](Self#structfield.max_event).
    #[must_use]
    pub fn max_event(mut self, bytes: usize) -> EventSourceConfig {
        self.max_event = bytes;
        self
    }

    /// Sets [`open_timeout`](Self#structfield.open_timeout).
    #[must_use]
    pub fn open_timeout(mut self, limit: Duration) -> EventSourceConfig {
        self.open_timeout = limit;
        self
    }

    /// Sets [`idle_timeout`](Self#structfield.idle_timeout).
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> EventSourceConfig {
        self.idle_timeout = limit;
        self
    }

    /// Sets [`backoff`](Self#structfield.backoff).
    #[must_use]
    pub fn backoff(mut self, backoff: BackoffConfig) -> EventSourceConfig {
        self.backoff = backoff;
        self
    }
}
