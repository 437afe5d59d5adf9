//! A clock that ticks three times: tasks, timers and a periodic callback.

use landspout_loop::{EventLoop, LoopHandle, PeriodicCallback, call_later, sleep, spawn};
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let event_loop = EventLoop::new()?;
    let ticker = PeriodicCallback::new(Duration::from_millis(100), || println!("tick"))?;
    event_loop.run_until(async {
        ticker.start();
        call_later(Duration::from_millis(350), || LoopHandle::current().stop());
        drop(spawn(async {
            sleep(Duration::from_millis(150)).await;
            println!("a task, between two ticks");
        }));
    });
    event_loop.start();
    Ok(())
}
