//! The ways to run a loop.

use crate::{Diary, settle};
use landspout_loop::{EventLoop, Instant, LoopHandle, add_callback, call_later, sleep, spawn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

#[test]
fn run_sync_gives_the_output_in_time() {
    let event_loop = EventLoop::new().unwrap();
    assert_eq!(event_loop.run_sync(async { 7 }, Duration::from_secs(60)), Ok(7));
}

#[test]
fn run_sync_drops_the_future_at_the_timeout() {
    let event_loop = EventLoop::new().unwrap();
    let held = Rc::new(());
    let copy = Rc::clone(&held);
    let endless = async move {
        std::future::pending::<()>().await;
        drop(copy);
    };
    assert!(event_loop.run_sync(endless, Duration::from_millis(1)).is_err());
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn start_runs_until_stop() {
    let event_loop = EventLoop::new().unwrap();
    let diary = Diary::default();
    event_loop.run_until(async {
        add_callback(diary.entry("callback"));
        call_later(Duration::from_millis(1), || LoopHandle::current().stop());
    });
    event_loop.start();
    assert_eq!(diary.read(), "callback");
}

#[test]
fn stop_before_start_makes_one_start_return_at_once() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.handle().stop();
    event_loop.handle().stop();
    event_loop.start();
    event_loop.run_until(async {
        call_later(Duration::from_millis(5), || LoopHandle::current().stop());
    });
    event_loop.start();
    assert_eq!(event_loop.handle().stats().timers_fired, 1);
}

#[test]
fn tasks_and_timers_go_on_with_the_next_run() {
    let event_loop = EventLoop::new().unwrap();
    let diary = Diary::default();
    let inner = diary.clone();
    let mut task = None;
    event_loop.run_until(async {
        call_later(Duration::from_millis(1), diary.entry("timer"));
        task = Some(spawn(async move {
            sleep(Duration::from_millis(5)).await;
            inner.write("task");
        }));
    });
    assert_eq!(diary.read(), "");
    assert_eq!(event_loop.run_until(task.unwrap()), Ok(()));
    assert_eq!(diary.read(), "timer task");
}

#[test]
fn a_panic_of_the_main_future_reaches_the_caller_and_the_loop_can_go_on() {
    let event_loop = EventLoop::new().unwrap();
    let run = std::panic::AssertUnwindSafe(|| event_loop.run_until(async { panic!("mine") }));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(event_loop.run_until(async { 7 }), 7);
}

#[test]
fn two_loops_of_one_thread_keep_their_work_apart() {
    let (first, second) = (EventLoop::new().unwrap(), EventLoop::new().unwrap());
    let diary = Diary::default();
    first.run_until(async { add_callback(diary.entry("first")) });
    second.run_until(async { crate::settle().await });
    assert_eq!(diary.read(), "");
    first.run_until(async { crate::settle().await });
    assert_eq!(diary.read(), "first");
}

#[test]
fn a_loop_that_is_run_within_itself_panics_and_counts_on() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let inner = Rc::clone(&event_loop);
    event_loop.run_until(async move {
        let again = catch_unwind(AssertUnwindSafe(|| inner.run_until(async {})));
        assert!(again.is_err());
        let (handle, began) = (inner.handle(), Instant::now());
        let before = handle.stats().busy;
        while began.elapsed() < Duration::from_millis(5) {}
        assert!(handle.stats().busy > before, "the loop is busy with this");
    });
}

/// Ready at once; uses the loop when it is dropped.
struct Last(Diary);

impl Future for Last {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        add_callback(self.0.entry("last words"));
    }
}

#[test]
fn the_destructor_of_the_main_future_finds_the_loop() {
    let diary = Diary::default();
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until(Last(diary.clone()));
    event_loop.run_until(settle());
    assert_eq!(diary.read(), "last words");
}
