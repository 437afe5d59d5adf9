//! A single-threaded event loop, and one of them per core.
//!
//! ```
//! use std::{cell::Cell, rc::Rc, time::Duration};
//! use landspout_loop::{EventLoop, LoopHandle, call_later, spawn};
//!
//! let event_loop = EventLoop::new()?;
//! let count = Rc::new(Cell::new(0)); // not `Send`, and need not be
//! let seen = Rc::clone(&count);
//! event_loop.run_until(async move {
//!     let task = spawn(async move { seen.set(seen.get() + 1) });
//!     call_later(Duration::from_millis(5), || LoopHandle::current().stop());
//!     task.await
//! })?;
//! event_loop.start(); // until the timer stops it
//! assert_eq!(count.get(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! - Run a loop: [`EventLoop`], [`LoopConfig`]; reach it from other threads:
//!   [`LoopHandle`].
//! - Give it work: [`spawn`], [`add_callback`], [`call_later`], [`call_at`],
//!   [`PeriodicCallback`], and [`run_blocking`] for what would hold it.
//! - Wait for things: [`sleep`], [`with_timeout`], [`multi`],
//!   [`as_completed`].
//! - Run one per core: [`Workers`], ended by a [`Shutdown`], which
//!   [`shutdown_signal`] may trigger.
//! - See what it does: [`LoopStats`], and the stall watchdog, which writes to
//!   the log what holds a loop for longer than
//!   [`LoopConfig::stall_threshold`]. Who polls others on the loop's behalf
//!   names them with [`label`](fn@label) and [`enter`].
//!
//! # Where it works
//!
//! The free functions act on the loop that runs the calling code, and panic
//! where there is none: in a plain thread, and on a multi-threaded runtime.
//! [`EventLoop`] is such a loop; tokio's `LocalRuntime` and `LocalSet`, with
//! time enabled, are too, but without the watchdog and without busy and idle
//! times; of several `LocalSet`s that one thread runs on one runtime, the first
//! to use these functions holds the callbacks and timers of all. [`multi`], [`as_completed`] and [`Shutdown`] work anywhere;
//! [`sleep`], [`with_timeout`] and [`shutdown_signal`] on any tokio runtime.

mod event_loop;

mod config;
mod handle;

mod blocking;
mod callback;
mod multi;
mod periodic;
mod spawn;
mod timer;

mod signal;
mod workers;

mod clock;
mod gauges;
mod label;
mod scheduler;
#[cfg(feature = "serde")]
mod seconds;
mod stats;
mod watchdog;

mod error;

pub use blocking::run_blocking;
pub use callback::add_callback;
pub use config::LoopConfig;
pub use error::{BlockingError, PeriodicError, TaskError, TimeoutError};
pub use event_loop::EventLoop;
pub use handle::LoopHandle;
pub use label::{LabelId, label};
pub use multi::{AsCompleted, Multi, as_completed, multi};
pub use periodic::PeriodicCallback;
pub use scheduler::enter;
#[cfg(unix)]
pub use signal::on_signal;
pub use signal::{Signal, shutdown_signal};
pub use spawn::{Task, spawn, spawn_named};
pub use stats::{LagHistogram, LoopStats};
pub use timer::{Timeout, call_at, call_later, with_timeout};
pub use tokio::time::{Instant, sleep};
pub use workers::{
    Shutdown, Worker, WorkerOutcome, WorkerReport, Workers, WorkersConfig, WorkersReport,
};
