//! What became of the workers.

use crate::workers::config::WorkersConfig;
use tokio::sync::mpsc::UnboundedReceiver;

/// What [`Workers::run`](crate::Workers::run) returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkersReport<T> {
    /// One report for each worker, in the order of their indices.
    pub workers: Vec<WorkerReport<T>>,
}

/// What became of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerReport<T> {
    /// The worker's [`index`](crate::Worker::index).
    pub index: usize,
    /// How often it was started again after a panic.
    pub restarts: u64,
    /// How it ended.
    pub outcome: WorkerOutcome<T>,
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerOutcome<T> {
    /// Its future returned this.
    Finished(T),
    /// Its future panicked with this message, or its loop could not be made
    /// for this reason, and the shutdown came before it was started again.
    Failed(String),
    /// It had not ended at the shutdown's deadline. Its thread may still run.
    Abandoned,
}

/// What a worker's thread tells the one that waits for all.
pub(crate) enum News<T> {
    Restarted(usize),
    Ended(usize, WorkerOutcome<T>),
}

/// The workers that have been started, and what is known of them.
pub(crate) struct Roll<T> {
    news: UnboundedReceiver<News<T>>,
    workers: Vec<WorkerReport<T>>,
}

impl<T> Roll<T> {
    pub(crate) fn new(news: UnboundedReceiver<News<T>>) -> Roll<T> {
        Roll { news, workers: Vec::new() }
    }

    /// The next worker has been started. Until it ends it counts as abandoned.
    pub(crate) fn add(&mut self) {
        let index = self.workers.len();
        self.workers.push(WorkerReport { index, restarts: 0, outcome: WorkerOutcome::Abandoned });
    }

    /// Waits until all have ended: each drops its sender when it does.
    pub(crate) async fn call(&mut self) {
        while let Some(news) = self.news.recv().await {
            match news {
                News::Restarted(index) => self.workers[index].restarts += 1,
                News::Ended(index, outcome) => self.workers[index].outcome = outcome,
            }
        }
    }

    pub(crate) fn report(self, config: &WorkersConfig) -> WorkersReport<T> {
        for worker in &self.workers {
            if matches!(worker.outcome, WorkerOutcome::Abandoned) {
                let name = config.loop_name(worker.index);
                let timeout = config.shutdown_timeout;
                tracing::error!(
                    "event loop `{name}` has not ended within {timeout:?} and is abandoned"
                );
            }
        }
        WorkersReport { workers: self.workers }
    }
}
