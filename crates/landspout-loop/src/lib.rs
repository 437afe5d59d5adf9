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
//! # Where it works
//!
//! [`spawn`], [`add_callback`], [`call_later`], [`call_at`], [`run_blocking`]
//! and [`LoopHandle::current`] act on the loop that
//! runs the calling code, and panic where there is none. Loops are
//! [`EventLoop`] and also tokio's own `LocalRuntime` and `LocalSet`, with time
//! enabled.

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
