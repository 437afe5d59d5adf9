//! hyper alone on landspout's event loop: what the loop costs, with its gauges, its timers and the
//! thread of its watchdog.

use landspout_loop::EventLoop;
use peer_hyper::{Spawn, serve};
use versus_contract::Setting;

struct OnLoop;

impl Spawn for OnLoop {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        drop(landspout_loop::spawn(task));
    }
}

fn main() {
    let event_loop = EventLoop::new().expect("an event loop");
    event_loop.run_until(serve(&Setting::read(), &OnLoop));
}
