//! The settings of one loop.

use std::time::Duration;

/// The settings of an [`EventLoop`](crate::EventLoop).
///
/// With the feature `serde` it is read from and written to a file; durations
/// are numbers of seconds there, whole or not.
///
/// ```
/// use landspout_loop::{EventLoop, LoopConfig};
///
/// let config = LoopConfig::default().name("mailer").max_blocking_threads(2);
/// let event_loop = EventLoop::with_config(config)?;
/// assert_eq!(event_loop.handle().name(), "mailer");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct LoopConfig {
    /// What the loop is called in the log. Default `loop`.
    pub name: String,

    /// Threads that [`run_blocking`](crate::run_blocking), name resolution and
    /// tokio's file functions may use together. They are started when needed.
    /// Default 8, at least 1 (0 means 1).
    pub max_blocking_threads: usize,

    /// Calls of [`run_blocking`](crate::run_blocking) that may wait for a
    /// thread. One more is refused with
    /// [`BlockingError::Saturated`](crate::BlockingError::Saturated).
    /// Default 256; 0 lets none wait.
    pub blocking_queue: usize,

    /// How long one callback, or one poll of a task, may hold the loop before
    /// the watchdog writes to the log what holds it. Default 100 milliseconds;
    /// zero turns the watchdog off. The watchdog looks four times within this
    /// time, at most once a millisecond.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub stall_threshold: Duration,
}

impl Default for LoopConfig {
    fn default() -> LoopConfig {
        LoopConfig {
            name: "loop".to_owned(),
            max_blocking_threads: 8,
            blocking_queue: 256,
            stall_threshold: Duration::from_millis(100),
        }
    }
}

impl LoopConfig {
    /// Sets [`name`](LoopConfig::name).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> LoopConfig {
        self.name = name.into();
        self
    }

    /// Sets [`max_blocking_threads`](LoopConfig::max_blocking_threads).
    #[must_use]
    pub fn max_blocking_threads(mut self, threads: usize) -> LoopConfig {
        self.max_blocking_threads = threads;
        self
    }

    /// Sets [`blocking_queue`](LoopConfig::blocking_queue).
    #[must_use]
    pub fn blocking_queue(mut self, calls: usize) -> LoopConfig {
        self.blocking_queue = calls;
        self
    }

    /// Sets [`stall_threshold`](LoopConfig::stall_threshold).
    #[must_use]
    pub fn stall_threshold(mut self, threshold: Duration) -> LoopConfig {
        self.stall_threshold = threshold;
        self
    }
}
