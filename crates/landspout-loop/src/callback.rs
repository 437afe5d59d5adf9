//! Functions that a loop calls once, in the order in which they were added.

use crate::gauges::Gauges;
use crate::label::{LabelId, Site};
use crate::scheduler::Scheduler;
use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

/// Calls `callback` on the next turn of the current loop.
///
/// Callbacks run on the loop's thread, in the order in which they were added,
/// and never before the code that adds them has returned to the loop. To add
/// one from another thread, use
/// [`LoopHandle::add_callback`](crate::LoopHandle::add_callback).
///
/// A panic in it is written to the log, with the place of this call, and does
/// not end the loop. A callback that has not run when its loop is dropped is
/// dropped too.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use landspout_loop::{EventLoop, add_callback};
///
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// EventLoop::new()?.run_until(async {
///     for number in [1, 2, 3] {
///         let seen = Rc::clone(&seen);
///         add_callback(move || seen.borrow_mut().push(number));
///     }
///     assert!(seen.borrow().is_empty());
///     tokio::task::yield_now().await;
/// });
/// assert_eq!(*seen.borrow(), [1, 2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[track_caller]
pub fn add_callback(callback: impl FnOnce() + 'static) {
    let label = Site::Callback.label(Location::caller());
    Scheduler::current().add_callback(Callback { label, run: Box::new(callback) });
}

/// A function to call, and what it is called in the log.
pub(crate) struct Callback {
    pub(crate) label: LabelId,
    pub(crate) run: Box<dyn FnOnce()>,
}

impl Callback {
    pub(crate) fn call(self, gauges: &Gauges) {
        let Callback { label, run } = self;
        let call = AssertUnwindSafe(|| {
            let _section = gauges.section(label);
            run();
        });
        if let Err(payload) = catch_unwind(call) {
            report_panic(gauges, label, payload.as_ref());
        }
    }
}

/// A callback from another thread.
pub(crate) struct RemoteCallback {
    pub(crate) label: LabelId,
    pub(crate) run: Box<dyn FnOnce() + Send>,
}

impl From<RemoteCallback> for Callback {
    fn from(callback: RemoteCallback) -> Callback {
        Callback { label: callback.label, run: callback.run }
    }
}

/// Counts a caught panic, writes it to the log and returns its message.
pub(crate) fn report_panic(gauges: &Gauges, label: LabelId, payload: &(dyn Any + Send)) -> String {
    gauges.panics.add(1);
    let message = panic_message(payload);
    tracing::error!("panic in {label}: {message}");
    message
}

/// The words given to `panic!`, if it was given words.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "a value that is not text".to_owned()
    }
}
