//! The word to end, passed between threads.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Asks for an orderly end, and waits for the request. All clones are one.
///
/// It is triggered once and for all. It needs no loop: it can be waited for
/// on any runtime.
///
/// ```
/// use landspout_loop::{EventLoop, Shutdown};
///
/// let shutdown = Shutdown::new();
/// let waiting = shutdown.clone();
/// shutdown.trigger();
/// EventLoop::new()?.run_until(async move { waiting.triggered().await });
/// assert!(shutdown.is_triggered());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    triggered: Mutex<bool>,
    threads: Condvar,
    tasks: Notify,
}

impl Shutdown {
    /// A shutdown that nobody has asked for yet.
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// Asks for the end. Asking again changes nothing.
    pub fn trigger(&self) {
        *self.lock() = true;
        self.state.threads.notify_all();
        self.state.tasks.notify_waiters();
    }

    /// Whether the end has been asked for.
    pub fn is_triggered(&self) -> bool {
        *self.lock()
    }

    /// Waits until the end is asked for; at once when it has been.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn triggered(&self) {
        // Made before the look: it hears what is said in between.
        let notified = self.state.tasks.notified();
        if !self.is_triggered() {
            notified.await;
        }
    }

    /// Holds the thread for `delay`, or until the end is asked for: true then.
    pub(crate) fn triggered_within(&self, delay: Duration) -> bool {
        let waited =
            self.state.threads.wait_timeout_while(self.lock(), delay, |triggered| !*triggered);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        // No code that could panic runs under this lock.
        self.state.triggered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
