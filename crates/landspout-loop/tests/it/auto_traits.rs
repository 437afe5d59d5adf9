//! What may cross threads is part of the interface.

use landspout_loop::{
    BlockingError, LabelId, LoopConfig, LoopHandle, LoopStats, PeriodicError, Shutdown, TaskError,
    TimeoutError, Worker, Workers, WorkersConfig, WorkersReport, run_blocking, shutdown_signal,
    with_timeout,
};

fn send_and_sync<T: Send + Sync>() {}
fn send<T: Send>(_: T) {}

#[test]
fn handles_settings_and_errors_cross_threads() {
    send_and_sync::<LoopHandle>();
    send_and_sync::<Shutdown>();
    send_and_sync::<Worker>();
    send_and_sync::<LoopConfig>();
    send_and_sync::<WorkersConfig>();
    send_and_sync::<WorkersReport<()>>();
    send_and_sync::<LoopStats>();
    send_and_sync::<LabelId>();
    send_and_sync::<TaskError>();
    send_and_sync::<TimeoutError>();
    send_and_sync::<BlockingError>();
    send_and_sync::<PeriodicError>();
}

#[test]
fn futures_that_touch_no_loop_state_cross_threads() {
    send(shutdown_signal());
    send(run_blocking(|| ()));
    send(with_timeout(std::time::Duration::ZERO, async {}));
    send(Shutdown::new().triggered());
}

#[test]
fn workers_may_be_prepared_with_futures_that_stay() {
    let here = std::rc::Rc::new(());
    drop(Workers::new(WorkersConfig::default()).shutdown_on(async move { drop(here) }));
}
