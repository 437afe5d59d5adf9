//! What the loop promises, one module per behaviour.
#![allow(missing_docs, clippy::unwrap_used)]

mod log;

mod auto_traits;
mod blocking;
mod callbacks;
#[cfg(feature = "serde")]
mod config;
mod multi;
mod other_runtimes;
mod periodic;
mod readme;
mod running;
#[cfg(unix)]
mod signals;
mod stalls;
mod stats;
mod tasks;
mod threads;
mod timers;
mod workers;

use landspout_loop::EventLoop;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::task::yield_now;

/// Runs `future` on a new loop whose clock stands still unless all wait.
fn paused<T>(future: impl Future<Output = T>) -> T {
    EventLoop::new().unwrap().run_until(async {
        tokio::time::pause();
        future.await
    })
}

/// Lets the loop turn often enough for everything that is ready to run.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// Collects what happens, in order.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    fn write(&self, entry: impl ToString) {
        self.0.borrow_mut().push(entry.to_string());
    }

    /// A callback that writes `entry`.
    fn entry(&self, entry: impl ToString) -> impl FnOnce() + 'static {
        let diary = self.clone();
        let entry = entry.to_string();
        move || diary.write(entry)
    }

    fn read(&self) -> String {
        self.0.borrow().join(" ")
    }
}
