//! The part of a loop that other threads may touch.

use crate::callback::{Callback, RemoteCallback};
use crate::config::LoopConfig;
use crate::gauges::Gauges;
use crate::label::Site;
use crate::scheduler::Scheduler;
use crate::stats::LoopStats;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Reaches a loop from any thread: gives it callbacks, stops it, reads its
/// statistics.
///
/// All methods wake the loop when it waits, and none of them blocks for
/// longer than a short lock. They may be called from callbacks of
/// [`on_signal`](crate::on_signal), which run on a loop, but not from a raw
/// signal handler of the operating system.
///
/// ```
/// use std::thread;
/// use landspout_loop::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// let handle = event_loop.handle();
/// let other = thread::spawn(move || {
///     let stopper = handle.clone();
///     handle.add_callback(move || stopper.stop());
/// });
/// event_loop.start();
/// assert!(other.join().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct LoopHandle {
    shared: Arc<Shared>,
}

impl LoopHandle {
    pub(crate) fn new(shared: Arc<Shared>) -> LoopHandle {
        LoopHandle { shared }
    }

    /// The handle of the loop that runs the calling code.
    ///
    /// # Panics
    /// Outside of a loop; see [the crate's page](crate#where-it-works).
    #[track_caller]
    pub fn current() -> LoopHandle {
        LoopHandle::new(Arc::clone(Scheduler::current().shared()))
    }

    /// Calls `callback` on the loop's thread, on its next turn.
    ///
    /// The callbacks of one thread run in the order in which they were added,
    /// and so do those of two threads when one waited for the other.
    ///
    /// When the loop is gone, the callback is dropped without being called.
    #[track_caller]
    pub fn add_callback(&self, callback: impl FnOnce() + Send + 'static) {
        let label = Site::Callback.label(Location::caller());
        // On its own thread the loop's local queue is the one that keeps the
        // order with the callbacks added there.
        match Scheduler::running() {
            Some(scheduler) if Arc::ptr_eq(scheduler.shared(), &self.shared) => {
                scheduler.add_callback(Callback { label, run: Box::new(callback) });
            }
            _ => self.shared.post(RemoteCallback { label, run: Box::new(callback) }),
        }
    }

    /// Ends the running, or else the next, [`EventLoop::start`](crate::EventLoop::start).
    pub fn stop(&self) {
        let mut mailbox = self.shared.mailbox();
        mailbox.stopped = true;
        if let Some(starter) = mailbox.starter.take() {
            starter.wake();
        }
    }

    /// What the loop has done so far.
    pub fn stats(&self) -> LoopStats {
        self.shared.gauges.snapshot()
    }

    /// The name from [`LoopConfig::name`](crate::LoopConfig::name).
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The loop has been dropped: callbacks will not run any more.
    pub fn is_closed(&self) -> bool {
        self.shared.mailbox().closed
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// What the threads know of a loop.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) gauges: Gauges,
    /// Running and waiting calls of `run_blocking`.
    pub(crate) blocking_calls: AtomicUsize,
    pub(crate) blocking_capacity: usize,
    mailbox: Mutex<Mailbox>,
    /// The mailbox has callbacks. Spares the loop the lock when it has none.
    has_mail: AtomicBool,
}

#[derive(Default)]
struct Mailbox {
    callbacks: Vec<RemoteCallback>,
    driver: Option<Waker>,
    /// `stop` was called and no `start` has seen it.
    stopped: bool,
    starter: Option<Waker>,
    closed: bool,
}

impl Shared {
    pub(crate) fn new(config: &LoopConfig) -> Shared {
        Shared {
            name: config.name.clone(),
            gauges: Gauges::new(),
            blocking_calls: AtomicUsize::new(0),
            blocking_capacity: config.max_blocking_threads.max(1) + config.blocking_queue,
            mailbox: Mutex::default(),
            has_mail: AtomicBool::new(false),
        }
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        // No code that could panic runs under this lock.
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, callback: RemoteCallback) {
        let mut mailbox = self.mailbox();
        if mailbox.closed {
            // The callback's destructor is foreign code: not under the lock.
            drop(mailbox);
            drop(callback);
            return;
        }
        mailbox.callbacks.push(callback);
        self.has_mail.store(true, Relaxed);
        if mailbox.callbacks.len() == 1 {
            mailbox.wake_driver();
        }
    }

    /// Takes what other threads have posted.
    ///
    /// A relaxed load is enough: who has heard of a post by any other way has
    /// synchronised with its thread, and sees the flag.
    pub(crate) fn take_mail(&self) -> Vec<RemoteCallback> {
        if !self.has_mail.load(Relaxed) {
            return Vec::new();
        }
        let mut mailbox = self.mailbox();
        self.has_mail.store(false, Relaxed);
        std::mem::take(&mut mailbox.callbacks)
    }

    /// Makes the driver run, so that a loop that gets on shows it.
    pub(crate) fn wake_driver(&self) {
        self.mailbox().wake_driver();
    }

    pub(crate) fn set_driver(&self, waker: &Waker) {
        self.mailbox().driver = Some(waker.clone());
    }

    /// Ready when `stop` has been called since the last time.
    pub(crate) fn poll_stopped(&self, cx: &Context<'_>) -> Poll<()> {
        let mut mailbox = self.mailbox();
        if std::mem::take(&mut mailbox.stopped) {
            return Poll::Ready(());
        }
        mailbox.starter = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn close(&self) {
        let closed = Mailbox { closed: true, ..Mailbox::default() };
        // The callbacks' destructors are foreign code: not under the lock.
        let rest = std::mem::replace(&mut *self.mailbox(), closed);
        drop(rest);
        self.gauges.close();
    }
}

impl Mailbox {
    fn wake_driver(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}
