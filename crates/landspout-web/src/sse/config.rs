//! The settings of an event stream.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The settings of an [`EventStream`](super::EventStream). In files, durations are numbers of
/// seconds, whole or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SseConfig {
    /// After how long a silence a comment is sent, so that proxies do not take the connection for
    /// dead, and a client that has gone is noticed. Default 15 seconds; zero sends none.
    #[serde(with = "seconds")]
    pub keep_alive: Duration,

    /// After what time a client whose stream ended opens it again. Default 3 seconds, sent in whole
    /// milliseconds when the stream is opened. When a server stops, each client is told a time at
    /// random between this and its double, so that they do not all come back at once.
    #[serde(with = "seconds")]
    pub retry: Duration,

    /// How many events may wait for a client that reads slowly; the sender of one more waits, or is
    /// told so ([`try_send`](super::EventStream::try_send)). Default 16, at least 1 (0 means 1).
    pub queue: usize,
}

impl SseConfig {
    /// Sets [`keep_alive`](SseConfig::keep_alive).
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: Duration) -> SseConfig {
        self.keep_alive = keep_alive;
        self
    }

    /// Sets [`retry`](SseConfig::retry).
    #[must_use]
    pub fn retry(mut self, retry: Duration) -> SseConfig {
        self.retry = retry;
        self
    }

    /// Sets [`queue`](SseConfig::queue).
    #[must_use]
    pub fn queue(mut self, queue: usize) -> SseConfig {
        self.queue = queue;
        self
    }
}

impl Default for SseConfig {
    fn default() -> SseConfig {
        SseConfig { keep_alive: Duration::from_secs(15), retry: Duration::from_secs(3), queue: 16 }
    }
}

mod seconds {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
    }
}
