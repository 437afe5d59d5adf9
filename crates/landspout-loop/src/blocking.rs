//! Work that blocks, on threads beside the loop.

use crate::callback::panic_message;
use crate::error::BlockingError;
use crate::handle::Shared;
use crate::scheduler::Scheduler;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Runs `work` on a thread beside the current loop, and gives its result.
///
/// For what would hold the loop: computing, files, databases. The threads and
/// the calls that may wait for one are bounded, by
/// [`LoopConfig::max_blocking_threads`](crate::LoopConfig::max_blocking_threads)
/// and [`LoopConfig::blocking_queue`](crate::LoopConfig::blocking_queue);
/// what comes on top is refused at once and not begun. On a runtime that is
/// not an [`EventLoop`](crate::EventLoop) the defaults of both hold, with the
/// runtime's own number of threads.
///
/// ```
/// use landspout_loop::{EventLoop, run_blocking};
///
/// let sum = EventLoop::new()?.run_until(run_blocking(|| (1..=100).sum::<u64>()));
/// assert_eq!(sum, Ok(5050));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// - [`BlockingError::Saturated`] when threads and queue are full,
/// - [`BlockingError::Panicked`] when `work` panics,
/// - [`BlockingError::Cancelled`] when the loop is dropped before `work` has
///   begun.
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
///
/// # Cancel safety
/// Work that has been handed over, at the first poll, is done to its end even
/// when this future is dropped; its result is then lost.
pub async fn run_blocking<F, T>(work: F) -> Result<T, BlockingError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let place = Place::take(Scheduler::current().shared())?;
    let working = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    working.await.map_err(|error| match error.try_into_panic() {
        Ok(payload) => BlockingError::Panicked(panic_message(payload.as_ref())),
        Err(_) => BlockingError::Cancelled,
    })
}

/// A running or waiting call, counted until its work is over.
struct Place {
    shared: Arc<Shared>,
}

impl Place {
    fn take(shared: &Arc<Shared>) -> Result<Place, BlockingError> {
        let capacity = shared.blocking_capacity;
        // Only the loop's thread adds, so that the count cannot grow between
        // the look and the addition.
        if shared.blocking_calls.load(Relaxed) >= capacity {
            return Err(BlockingError::Saturated { capacity });
        }
        shared.blocking_calls.fetch_add(1, Relaxed);
        Ok(Place { shared: Arc::clone(shared) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.blocking_calls.fetch_sub(1, Relaxed);
    }
}
