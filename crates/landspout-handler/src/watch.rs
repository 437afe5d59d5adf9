//! Saying which handler is being polled, to whoever watches the loop.

use pin_project_lite::pin_project;
use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Two functions of the loop's watchdog: what turns a name into a number, once for each route, and
/// what is told the number of the handler that is being polled and gives the number before it.
///
/// Neither this crate nor the loop's knows the other; whoever composes them
/// [installs](Watch::install) this on each loop's thread, before the application is made there.
///
/// ```
/// use landspout_handler::{Watch, watched};
/// use std::cell::RefCell;
///
/// thread_local!(static SEEN: RefCell<Vec<u32>> = RefCell::default());
/// Watch { label: |name| name.len() as u32, enter: |id| { SEEN.with_borrow_mut(|s| s.push(id)); 0 } }
///     .install();
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// watched(Watch::label("/seven+"), async {}).await;
/// # });
/// assert_eq!(SEEN.take(), [7, 0]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// The number of a name; the same name has the same number.
    pub label: fn(&str) -> u32,
    /// Says that what has this number runs now; returns the number of what ran before.
    pub enter: fn(u32) -> u32,
}

thread_local! {
    static INSTALLED: Cell<Option<Watch>> = const { Cell::new(None) };
}

impl Watch {
    /// Lets this watch the handlers of the current thread, in place of any before.
    pub fn install(self) {
        INSTALLED.set(Some(self));
    }

    /// The number of a name; 0 where nothing is installed on this thread.
    pub fn label(name: &str) -> u32 {
        INSTALLED.get().map_or(0, |watch| (watch.label)(name))
    }

    /// Runs a function, telling the installed watch that what has this number runs.
    pub fn during<T>(label: u32, run: impl FnOnce() -> T) -> T {
        let Some(watch) = INSTALLED.get() else { return run() };
        let _leave = Leave { enter: watch.enter, before: (watch.enter)(label) };
        run()
    }
}

/// Runs a future, telling the installed [`Watch`] whenever it is being polled.
///
/// # Cancel safety
/// As safe as the future is.
pub fn watched<F: Future>(label: u32, future: F) -> impl Future<Output = F::Output> {
    Watched { label, future }
}

pin_project! {
    // An async function would keep its arguments twice.
    struct Watched<F> {
        label: u32,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        Watch::during(self.label, || self.project().future.poll(cx))
    }
}

/// Restores what ran before, also when the poll panics.
struct Leave {
    enter: fn(u32) -> u32,
    before: u32,
}

impl Drop for Leave {
    fn drop(&mut self) {
        (self.enter)(self.before);
    }
}
