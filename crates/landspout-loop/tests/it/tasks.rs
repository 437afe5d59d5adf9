//! Tasks.

use crate::{Diary, log, paused, settle};
use landspout_loop::{LoopHandle, sleep, spawn, spawn_named};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn give_their_output_to_who_awaits_them() {
    let word = Rc::new("not send");
    assert_eq!(paused(async { spawn(async move { word.len() }).await }), Ok(8));
}

#[test]
fn run_on_when_their_handle_is_dropped() {
    let diary = Diary::default();
    let inner = diary.clone();
    paused(async {
        drop(spawn(async move {
            sleep(Duration::from_secs(1)).await;
            inner.write("done");
        }));
        sleep(Duration::from_secs(2)).await;
    });
    assert_eq!(diary.read(), "done");
}

#[test]
fn are_dropped_when_aborted() {
    let held = Rc::new(());
    let copy = Rc::clone(&held);
    paused(async {
        let task = spawn(async move {
            pending::<()>().await;
            drop(copy);
        });
        settle().await;
        assert!(!task.is_finished());
        task.abort();
        let error = task.await.unwrap_err();
        assert!(error.is_cancelled() && !error.is_panic());
        assert_eq!(error.to_string(), "the task was cancelled");
    });
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn a_panic_is_logged_with_its_origin_and_given_to_who_awaits() {
    log::start();
    let line = line!() + 2;
    paused(async {
        let task = spawn(async { panic!("cherries") });
        let error = task.await.unwrap_err();
        assert!(error.is_panic() && !error.is_cancelled());
        assert_eq!(error.to_string(), "the task panicked: cherries");
        assert_eq!(LoopHandle::current().stats().panics, 1);
    });
    log::wait_for(1, &["ERROR", &format!("task spawned at {}:{line}", file!()), "cherries"]);
}

#[test]
fn a_panic_of_a_named_task_is_logged_with_the_name() {
    log::start();
    paused(async {
        drop(spawn_named("orchard", async {
            sleep(Duration::from_secs(1)).await;
            panic!("plums");
        }));
        sleep(Duration::from_secs(2)).await;
    });
    log::wait_for(1, &["ERROR", "task `orchard`", "plums"]);
}
