//! One loop per core.

mod config;
#[cfg(feature = "pin")]
mod pin;
mod report;
mod restart;
mod shutdown;
mod supervisor;
mod worker;

use crate::event_loop::EventLoop;
use crate::label::Site;
use crate::spawn::spawn_named;
use futures_util::future::select;
use report::Roll;
use std::fmt;
use std::future::pending;
use std::io;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread;
use supervisor::Supervisor;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

pub use config::WorkersConfig;
pub use report::{WorkerOutcome, WorkerReport, WorkersReport};
pub use shutdown::Shutdown;
pub use worker::Worker;

/// Runs an event loop on each of several threads, and keeps them running.
///
/// Each thread runs the future that a function of yours makes for it. A
/// future that panics is said in the log and made anew on a new loop, after a
/// pause that grows while it keeps panicking; one that returns has done its
/// work. What must outlive a restart, such as a listening socket, belongs into
/// the function, which is shared by the threads; what is made by the future
/// belongs to one thread, and need not be `Send`.
///
/// ```
/// use landspout_loop::{WorkerOutcome, Workers, WorkersConfig};
///
/// let workers = Workers::new(WorkersConfig::default().threads(2));
/// let report = workers.run(|worker| async move { worker.index() * 10 })?;
/// let outcomes: Vec<_> = report.workers.into_iter().map(|worker| worker.outcome).collect();
/// assert_eq!(outcomes, [WorkerOutcome::Finished(0), WorkerOutcome::Finished(10)]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Shutdown
/// A [`Shutdown`], triggered from anywhere, asks the futures to end: each
/// waits for [`Worker::shutdown`] and finishes what it has begun. Whoever has
/// not ended within [`WorkersConfig::shutdown_timeout`] is named in the log
/// and abandoned.
///
/// ```no_run
/// use landspout_loop::{Workers, WorkersConfig, shutdown_signal};
///
/// let workers = Workers::new(WorkersConfig::default())
///     .shutdown_on(async { drop(shutdown_signal().await) });
/// workers.run(|worker| async move { worker.shutdown().triggered().await })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Workers {
    config: WorkersConfig,
    shutdown: Shutdown,
    trigger: Pin<Box<dyn Future<Output = ()>>>,
}

impl Workers {
    /// Prepares workers. No thread is started.
    pub fn new(config: WorkersConfig) -> Workers {
        Workers { config, shutdown: Shutdown::new(), trigger: Box::pin(pending()) }
    }

    /// Triggers the shutdown when `future` ends. It runs on a loop of the
    /// thread that calls [`run`](Workers::run), and may spawn there. The last
    /// future given counts.
    #[must_use]
    pub fn shutdown_on(mut self, future: impl Future<Output = ()> + 'static) -> Workers {
        self.trigger = Box::pin(future);
        self
    }

    /// The handle that ends these workers, from any thread.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Starts the threads, and returns when all have ended or been abandoned.
    ///
    /// `make` is called on each thread, and again on the same thread, with
    /// the same index, after a panic.
    ///
    /// # Errors
    /// When the system gives no more threads or file descriptors to start
    /// with. The threads that were started are shut down before.
    ///
    /// # Panics
    /// When a loop or another tokio runtime is running on this thread.
    #[track_caller]
    pub fn run<M, F>(self, make: M) -> io::Result<WorkersReport<F::Output>>
    where
        M: Fn(Worker) -> F + Send + Sync + 'static,
        F: Future<Output: Send + 'static>,
    {
        let label = Site::Main.label(Location::caller());
        let supervisor_config = self.config.event_loop.clone().name("workers");
        let supervising = EventLoop::with_config(supervisor_config)?;
        let (sender, news) = unbounded_channel();
        let mut roll = Roll::new(news);
        let make = Arc::new(make);
        let count = self.config.thread_count();
        let mut started = Ok(());
        for index in 0..count {
            let supervisor = Supervisor {
                worker: Worker::new(index, count, self.shutdown.clone()),
                config: self.config.clone(),
                make: Arc::clone(&make),
                label,
                news: sender.clone(),
            };
            let thread = thread::Builder::new().name(self.config.loop_name(index));
            if let Err(error) = thread.spawn(move || supervisor.run()) {
                self.shutdown.trigger();
                started = Err(error);
                break;
            }
            roll.add();
        }
        drop((sender, make));
        let config = self.config.clone();
        supervising.run_until(self.wait(&mut roll));
        started.map(|()| roll.report(&config))
    }

    /// Waits until all workers have ended, or until the shutdown's deadline.
    async fn wait<T>(self, roll: &mut Roll<T>) {
        let Workers { config, shutdown, trigger } = self;
        let triggered = shutdown.clone();
        drop(spawn_named("shutdown trigger", async move {
            trigger.await;
            triggered.trigger();
        }));
        let deadline = pin!(async {
            shutdown.triggered().await;
            sleep(config.shutdown_timeout).await;
        });
        select(pin!(roll.call()), deadline).await;
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("config", &self.config).finish_non_exhaustive()
    }
}
