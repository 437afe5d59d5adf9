//! The settings of all workers.

use crate::config::LoopConfig;
use std::thread;
use std::time::Duration;

/// The settings of [`Workers`](crate::Workers).
///
/// With the feature `serde` it is read from and written to a file; durations
/// are numbers of seconds there, whole or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct WorkersConfig {
    /// How many threads, with a loop each. Default 0: as many as the process
    /// may use cores. More than that only cost: each finds less to do whenever
    /// it wakes up.
    pub threads: usize,

    /// Keeps each thread on a core of its own; beyond the number of cores they
    /// share them. Where the system cannot do it, that is said in the log.
    /// Default false.
    #[cfg(feature = "pin")]
    pub pin: bool,

    /// How long a worker waits before it is started again after its first
    /// panic; doubled by each further one. Default 100 milliseconds; zero
    /// starts it again at once, however often it panics.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub restart_delay: Duration,

    /// The longest that a worker waits before it is started again. Default 10
    /// seconds; less than `restart_delay` means `restart_delay`.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub restart_delay_max: Duration,

    /// How long a worker must have run for its next restart to wait for
    /// `restart_delay` only. Default 60 seconds.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub restart_reset: Duration,

    /// How long after the shutdown was triggered the workers may take to end.
    /// Those that take longer are abandoned. Default 30 seconds; zero abandons
    /// all that have not ended already.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub shutdown_timeout: Duration,

    /// The settings of each loop. To its name the worker's index is added, so
    /// that the log says `loop-0`, `loop-1` and so on.
    pub event_loop: LoopConfig,
}

impl Default for WorkersConfig {
    fn default() -> WorkersConfig {
        WorkersConfig {
            threads: 0,
            #[cfg(feature = "pin")]
            pin: false,
            restart_delay: Duration::from_millis(100),
            restart_delay_max: Duration::from_secs(10),
            restart_reset: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(30),
            event_loop: LoopConfig::default(),
        }
    }
}

impl WorkersConfig {
    /// Sets [`threads`](WorkersConfig::threads).
    #[must_use]
    pub fn threads(mut self, threads: usize) -> WorkersConfig {
        self.threads = threads;
        self
    }

    /// Sets [`pin`](WorkersConfig::pin).
    #[cfg(feature = "pin")]
    #[must_use]
    pub fn pin(mut self, pin: bool) -> WorkersConfig {
        self.pin = pin;
        self
    }

    /// Sets [`restart_delay`](WorkersConfig::restart_delay).
    #[must_use]
    pub fn restart_delay(mut self, delay: Duration) -> WorkersConfig {
        self.restart_delay = delay;
        self
    }

    /// Sets [`restart_delay_max`](WorkersConfig::restart_delay_max).
    #[must_use]
    pub fn restart_delay_max(mut self, delay: Duration) -> WorkersConfig {
        self.restart_delay_max = delay;
        self
    }

    /// Sets [`restart_reset`](WorkersConfig::restart_reset).
    #[must_use]
    pub fn restart_reset(mut self, time: Duration) -> WorkersConfig {
        self.restart_reset = time;
        self
    }

    /// Sets [`shutdown_timeout`](WorkersConfig::shutdown_timeout).
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> WorkersConfig {
        self.shutdown_timeout = timeout;
        self
    }

    /// Sets [`event_loop`](WorkersConfig::event_loop).
    #[must_use]
    pub fn event_loop(mut self, config: LoopConfig) -> WorkersConfig {
        self.event_loop = config;
        self
    }

    /// The number of threads that [`threads`](WorkersConfig::threads) stands
    /// for on this machine.
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    /// What the loop of a worker, and its thread, are called.
    pub(crate) fn loop_name(&self, index: usize) -> String {
        // The name of a thread must not contain NUL.
        format!("{}-{index}", self.event_loop.name.replace('\0', " "))
    }
}
