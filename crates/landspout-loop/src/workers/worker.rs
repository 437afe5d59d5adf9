//! What one of the workers knows of itself.

use crate::workers::shutdown::Shutdown;

/// Tells a worker's future which one it is, and when to end.
#[derive(Clone, Debug)]
pub struct Worker {
    index: usize,
    count: usize,
    shutdown: Shutdown,
}

impl Worker {
    pub(crate) fn new(index: usize, count: usize, shutdown: Shutdown) -> Worker {
        Worker { index, count, shutdown }
    }

    /// Which worker this is, from 0 to `count() - 1`. A restart keeps it.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many workers there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The shutdown of all workers: to wait for, and to trigger.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }
}
