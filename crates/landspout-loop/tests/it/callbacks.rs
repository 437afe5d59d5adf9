//! Callbacks.

use crate::{Diary, log, paused, settle};
use landspout_loop::{EventLoop, LoopHandle, add_callback, call_later, sleep, spawn};
use std::thread;
use std::time::Duration;

#[test]
fn run_in_the_order_in_which_they_were_added() {
    let diary = Diary::default();
    paused(async {
        for number in 0..5 {
            add_callback(diary.entry(number));
        }
        settle().await;
    });
    assert_eq!(diary.read(), "0 1 2 3 4");
}

#[test]
fn those_added_by_a_callback_run_on_the_next_turn() {
    let diary = Diary::default();
    paused(async {
        let inner = diary.clone();
        add_callback(move || {
            add_callback(inner.entry("third"));
            inner.write("first");
        });
        add_callback(diary.entry("second"));
        settle().await;
    });
    assert_eq!(diary.read(), "first second third");
}

#[test]
fn a_callback_that_adds_itself_for_ever_leaves_room_for_others() {
    fn again() {
        add_callback(again);
    }
    EventLoop::new().unwrap().run_until(async {
        again();
        sleep(Duration::from_millis(1)).await;
    });
}

#[test]
fn run_on_the_thread_of_the_loop() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let here = thread::current().id();
    let adding = thread::spawn(move || {
        handle.add_callback(move || {
            assert_eq!(thread::current().id(), here);
            LoopHandle::current().stop();
        });
    });
    event_loop.start();
    adding.join().unwrap();
    assert_eq!(event_loop.handle().stats().panics, 0);
}

#[test]
fn the_handle_and_the_free_function_share_one_order() {
    let diary = Diary::default();
    paused(async {
        LoopHandle::current().add_callback(|| ());
        add_callback(diary.entry("first"));
        add_callback(diary.entry("second"));
        settle().await;
    });
    assert_eq!(diary.read(), "first second");
}

#[test]
fn what_another_thread_added_before_runs_before() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (early, late) = (seen.clone(), seen.clone());
    event_loop.run_until(async {
        let adding = thread::spawn(move || {
            handle.add_callback(move || early.lock().unwrap().push("other thread"));
        });
        adding.join().unwrap();
        add_callback(move || late.lock().unwrap().push("this thread"));
        settle().await;
    });
    assert_eq!(*seen.lock().unwrap(), ["other thread", "this thread"]);
}

#[test]
fn a_panic_is_logged_with_its_origin_and_does_not_end_the_loop() {
    log::start();
    let diary = Diary::default();
    let line = line!() + 2;
    paused(async {
        add_callback(|| panic!("apples"));
        call_later(Duration::ZERO, || panic!("{}", "pears"));
        add_callback(diary.entry("after"));
        settle().await;
        assert_eq!(LoopHandle::current().stats().panics, 2);
    });
    assert_eq!(diary.read(), "after");
    log::wait_for(1, &["ERROR", &format!("callback added at {}:{line}", file!()), "apples"]);
    log::wait_for(1, &["ERROR", &format!("timer set at {}:{}", file!(), line + 1), "pears"]);
}

#[test]
fn are_dropped_with_their_loop() {
    let diary = Diary::default();
    let event_loop = EventLoop::new().unwrap();
    let callback = diary.entry("never");
    let handle = event_loop.handle();
    event_loop.run_until(async { add_callback(callback) });
    drop(event_loop);
    assert_eq!(diary.read(), "");
    assert_eq!(std::rc::Rc::strong_count(&diary.0), 1);
    assert!(handle.is_closed());
    handle.add_callback(|| unreachable!("the loop is gone"));
}

#[test]
fn may_be_added_while_the_loop_is_dropped() {
    struct AddsWhenDropped;
    impl Drop for AddsWhenDropped {
        fn drop(&mut self) {
            add_callback(|| unreachable!("the loop is gone"));
            call_later(Duration::ZERO, || unreachable!("the loop is gone"));
            drop(spawn(async { unreachable!("the loop is gone") }));
        }
    }
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until(async {
        let (first, second) = (AddsWhenDropped, AddsWhenDropped);
        drop(spawn(async move {
            std::future::pending::<()>().await;
            drop(first);
        }));
        call_later(Duration::from_secs(60), move || drop(second));
        settle().await;
    });
    let handle = event_loop.handle();
    drop(event_loop);
    assert_eq!(handle.stats().panics, 0);
    assert_eq!(handle.stats().tasks_alive, 0);
    assert_eq!(handle.stats().timers_pending, 0);
}

#[test]
fn outside_of_a_loop_there_is_a_panic_that_says_so() {
    let panic = std::panic::catch_unwind(|| add_callback(|| ())).unwrap_err();
    let message = panic.downcast_ref::<&str>().unwrap();
    assert_eq!(*message, "no event loop is running on this thread");
}
