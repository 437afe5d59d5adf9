//! The loop: a thread's runtime, and the ways to run it.

use crate::config::LoopConfig;
use crate::error::TimeoutError;
use crate::handle::{LoopHandle, Shared};
use crate::label::{LabelId, Site};
use crate::scheduler::{Driver, Scheduler};
use crate::timer::with_timeout;
use crate::watchdog;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

/// A single-threaded event loop: it runs tasks, callbacks and timers on the
/// thread that runs it.
///
/// It is a tokio runtime, so that whatever works in tokio works on it: sockets,
/// files, channels. What runs on it need not be `Send`, because it never
/// leaves the thread.
///
/// ```
/// use std::{rc::Rc, time::Duration};
/// use landspout_loop::{EventLoop, sleep, spawn};
///
/// let event_loop = EventLoop::new()?;
/// let word = Rc::new("loop");
/// let length = event_loop.run_until(async move {
///     let task = spawn(async move { word.len() });
///     sleep(Duration::from_millis(1)).await;
///     task.await
/// });
/// assert_eq!(length, Ok(4));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Tasks, callbacks and timers stay when `run_until`, `run_sync` or `start`
/// returns, and go on with the next call. Dropping the loop drops them, and
/// waits for the blocking work that has begun.
pub struct EventLoop {
    /// Taken when the loop is dropped, and not before.
    runtime: Option<LocalRuntime>,
    scheduler: Rc<Scheduler>,
}

impl EventLoop {
    /// Makes a loop with the default settings.
    ///
    /// # Errors
    /// When the operating system gives no more file descriptors.
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::with_config(LoopConfig::default())
    }

    /// Makes a loop.
    ///
    /// # Errors
    /// When the operating system gives no more file descriptors.
    pub fn with_config(config: LoopConfig) -> io::Result<EventLoop> {
        let shared = Arc::new(Shared::new(&config));
        let (parking, waking) = (Arc::clone(&shared), Arc::clone(&shared));
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(config.max_blocking_threads.max(1))
            .on_thread_park(move || parking.gauges.park())
            .on_thread_unpark(move || waking.gauges.unpark())
            .build_local(LocalOptions::default())?;
        let scheduler = Scheduler::new(Arc::clone(&shared));
        runtime.spawn_local(Driver::new(&scheduler));
        watchdog::watch(&shared, config.stall_threshold);
        Ok(EventLoop { runtime: Some(runtime), scheduler })
    }

    /// Runs the loop until `future` ends, and returns its output.
    ///
    /// # Panics
    /// When `future` panics, and when a loop or another tokio runtime is
    /// running on this thread already.
    #[track_caller]
    pub fn run_until<F: Future>(&self, future: F) -> F::Output {
        self.run_labelled(Site::Main.label(Location::caller()), future)
    }

    pub(crate) fn run_labelled<F: Future>(&self, label: LabelId, future: F) -> F::Output {
        let gauges = &self.scheduler.shared().gauges;
        // Before the future, so that its destructor still finds the loop.
        let _run = self.scheduler.run();
        let _running = gauges.running();
        let mut future = pin!(future);
        self.runtime().block_on(poll_fn(|cx| {
            let _section = gauges.section(label);
            future.as_mut().poll(cx)
        }))
    }

    /// Runs the loop until `future` ends, but not for longer than `timeout`.
    ///
    /// At the timeout the future is dropped, which cancels it. Tasks that it
    /// has spawned stay.
    ///
    /// # Errors
    /// [`TimeoutError`] when `timeout` passes first.
    ///
    /// # Panics
    /// As [`run_until`](EventLoop::run_until).
    #[track_caller]
    pub fn run_sync<F: Future>(
        &self,
        future: F,
        timeout: Duration,
    ) -> Result<F::Output, TimeoutError> {
        self.run_until(with_timeout(timeout, future))
    }

    /// Runs the loop until [`LoopHandle::stop`] is called.
    ///
    /// A `stop` that came before makes it return at once, and is then used up.
    ///
    /// # Panics
    /// When a loop or another tokio runtime is running on this thread already.
    #[track_caller]
    pub fn start(&self) {
        self.run_until(poll_fn(|cx| self.scheduler.shared().poll_stopped(cx)));
    }

    /// A handle that reaches this loop from any thread.
    pub fn handle(&self) -> LoopHandle {
        LoopHandle::new(Arc::clone(self.scheduler.shared()))
    }

    fn runtime(&self) -> &LocalRuntime {
        self.runtime.as_ref().expect("the runtime is taken in drop only")
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        // Destructors of tasks may spawn and add callbacks. They find the loop
        // they belong to, which is closed by then.
        let _run = self.scheduler.run();
        drop(self.runtime.take());
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("name", &self.scheduler.shared().name)
            .finish_non_exhaustive()
    }
}
