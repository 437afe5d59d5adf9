//! Runtimes that are not ours.

use crate::Diary;
use landspout_loop::{
    LoopHandle, PeriodicCallback, add_callback, call_later, run_blocking, sleep, spawn,
};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

async fn use_everything() -> String {
    let diary = Diary::default();
    let inner = diary.clone();
    call_later(Duration::from_secs(2), diary.entry("timer"));
    add_callback(diary.entry("callback"));
    PeriodicCallback::new(Duration::from_secs(3), move || inner.write("periodic")).unwrap().start();
    let task = spawn(async { run_blocking(|| "blocking").await });
    diary.write(task.await.unwrap().unwrap());
    sleep(Duration::from_secs(4)).await;
    assert_eq!(LoopHandle::current().stats().timers_fired, 2);
    diary.read()
}

#[test]
fn everything_works_on_a_plain_local_runtime() {
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true).build_local(Default::default()).unwrap()
    };
    let (first, second) = (runtime(), runtime());
    for runtime in [&first, &second] {
        assert_eq!(runtime.block_on(use_everything()), "callback blocking timer periodic");
    }
    let handles =
        [&first, &second].map(|runtime| runtime.block_on(async { LoopHandle::current() }));
    assert_eq!(handles[0].stats().callbacks_run, 1);
    drop(first);
    assert!(handles[0].is_closed() && !handles[1].is_closed());
}

#[test]
fn everything_works_in_a_local_set() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let seen = LocalSet::new().block_on(&runtime, use_everything());
    assert_eq!(seen, "callback blocking timer periodic");
}
