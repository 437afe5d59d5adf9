//! The ways in which things on a loop fail.

use std::error::Error;
use std::fmt;

/// A task did not end by itself: awaiting its [`Task`](crate::Task) gives this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskError {
    /// The panic's message; a task without one was cancelled.
    panic: Option<String>,
}

impl TaskError {
    pub(crate) fn cancelled() -> TaskError {
        TaskError { panic: None }
    }

    pub(crate) fn panicked(message: String) -> TaskError {
        TaskError { panic: Some(message) }
    }

    /// The task was aborted, or its loop ended before it.
    pub fn is_cancelled(&self) -> bool {
        self.panic.is_none()
    }

    /// The task panicked. The log says where it was spawned.
    pub fn is_panic(&self) -> bool {
        self.panic.is_some()
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.panic {
            Some(message) => write!(f, "the task panicked: {message}"),
            None => f.write_str("the task was cancelled"),
        }
    }
}

impl Error for TaskError {}

/// A future did not end within its time, and was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutError(pub(crate) ());

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time allowed has passed")
    }
}

impl Error for TimeoutError {}

/// Blocking work gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockingError {
    /// All threads are busy and the queue is full; the work was not begun.
    Saturated {
        /// How many calls the loop takes at once, running and waiting.
        capacity: usize,
    },
    /// The work panicked, with this message.
    Panicked(String),
    /// The loop ended before the work was begun.
    Cancelled,
}

impl fmt::Display for BlockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BlockingError::Saturated { capacity } => {
                write!(f, "all {capacity} places for blocking work are taken")
            }
            BlockingError::Panicked(message) => write!(f, "the blocking work panicked: {message}"),
            BlockingError::Cancelled => {
                f.write_str("the loop ended before the blocking work began")
            }
        }
    }
}

impl Error for BlockingError {}

/// A [`PeriodicCallback`](crate::PeriodicCallback) that cannot be made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PeriodicError {
    /// The period is zero.
    ZeroPeriod,
    /// The jitter is not a number from 0 to 1.
    Jitter(f64),
}

impl fmt::Display for PeriodicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeriodicError::ZeroPeriod => f.write_str("the period is zero"),
            PeriodicError::Jitter(jitter) => {
                write!(f, "the jitter is {jitter}, not a number from 0 to 1")
            }
        }
    }
}

impl Error for PeriodicError {}
