//! What the thread of a worker does: it runs the worker's loops, one after
//! the other.

use crate::callback::panic_message;
use crate::event_loop::EventLoop;
use crate::label::LabelId;
use crate::workers::config::WorkersConfig;
use crate::workers::report::{News, WorkerOutcome};
use crate::workers::restart::Backoff;
use crate::workers::worker::Worker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

pub(crate) struct Supervisor<M, T> {
    pub(crate) worker: Worker,
    pub(crate) config: WorkersConfig,
    pub(crate) make: Arc<M>,
    pub(crate) label: LabelId,
    /// Dropped when the thread ends, by which it is known to have ended.
    pub(crate) news: UnboundedSender<News<T>>,
}

impl<M, F> Supervisor<M, F::Output>
where
    M: Fn(Worker) -> F,
    F: Future,
{
    pub(crate) fn run(self) {
        let index = self.worker.index();
        #[cfg(feature = "pin")]
        crate::workers::pin::pin(&self.config, index);
        let outcome = self.run_until_finished();
        self.tell(News::Ended(index, outcome));
    }

    fn run_until_finished(&self) -> WorkerOutcome<F::Output> {
        let name = self.config.loop_name(self.worker.index());
        let mut backoff = Backoff::new(&self.config);
        loop {
            let began = Instant::now();
            let reason = match self.run_once(&name) {
                Ok(output) => return WorkerOutcome::Finished(output),
                Err(reason) => reason,
            };
            if self.worker.shutdown().is_triggered() {
                tracing::error!("event loop `{name}` ended: {reason}");
                return WorkerOutcome::Failed(reason);
            }
            let delay = backoff.delay(began.elapsed());
            tracing::error!("event loop `{name}` ended: {reason}; it starts again in {delay:?}");
            if self.worker.shutdown().triggered_within(delay) {
                return WorkerOutcome::Failed(reason);
            }
            self.tell(News::Restarted(self.worker.index()));
        }
    }

    /// Runs the worker's future on a new loop. The error says why it ended.
    fn run_once(&self, name: &str) -> Result<F::Output, String> {
        let run = AssertUnwindSafe(|| {
            let config = self.config.event_loop.clone().name(name);
            let event_loop = EventLoop::with_config(config)
                .map_err(|error| format!("the loop cannot be made: {error}"))?;
            let future = async { (self.make)(self.worker.clone()).await };
            Ok(event_loop.run_labelled(self.label, future))
        });
        catch_unwind(run).unwrap_or_else(|payload| {
            let message = panic_message(payload.as_ref());
            Err(format!("panic in {}: {message}", self.label))
        })
    }

    fn tell(&self, news: News<F::Output>) {
        // Nobody listens any more when this worker has been abandoned.
        drop(self.news.send(news));
    }
}
