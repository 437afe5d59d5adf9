//! The settings of restarts.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::time::Duration;

/// How a program is restarted without an interruption, to run a new version or with a new
/// configuration.
///
/// At SIGUSR2 the process starts the program again, by the path and with the arguments that it was
/// started with itself, and gives it the listening sockets. When the new process serves, on all of
/// its loops, this one finishes what it has begun and ends. If the new one fails, the log says so,
/// and this one goes on.
///
/// The new process takes over the sockets of the addresses that it listens on as well; they must be
/// written in the same way. On systems other than Unix there is no such signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RestartConfig {
    /// Whether SIGUSR2 restarts; yes. Otherwise it ends the process, as it does by itself.
    pub on_signal: bool,

    /// How long the new process may take until it serves; 60 s. In a file, a number of seconds. Then
    /// it is ended, and this one goes on.
    #[serde(serialize_with = "write_seconds", deserialize_with = "read_seconds")]
    pub ready_timeout: Duration,
}

impl Default for RestartConfig {
    fn default() -> RestartConfig {
        RestartConfig { on_signal: true, ready_timeout: Duration::from_secs(60) }
    }
}

impl RestartConfig {
    /// Sets [`on_signal`](RestartConfig#structfield.on_signal).
    #[must_use]
    pub fn on_signal(mut self, on_signal: bool) -> RestartConfig {
        self.on_signal = on_signal;
        self
    }

    /// Sets [`ready_timeout`](RestartConfig#structfield.ready_timeout).
    #[must_use]
    pub fn ready_timeout(mut self, ready_timeout: Duration) -> RestartConfig {
        self.ready_timeout = ready_timeout;
        self
    }
}

fn write_seconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.as_secs_f64())
}

fn read_seconds<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(source)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| de::Error::custom(format!("{seconds} is not a number of seconds, 0 or more")))
}
