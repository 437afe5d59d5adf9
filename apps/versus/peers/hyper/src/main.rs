//! hyper alone on one thread with a `LocalRuntime`.

use peer_hyper::{Spawn, serve};
use tokio::runtime::{Builder, LocalOptions};
use versus_contract::Setting;

struct Local;

impl Spawn for Local {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(task);
    }
}

fn main() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(serve(&Setting::read(), &Local));
}
