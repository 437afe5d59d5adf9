//! The stall watchdog.

use crate::{log, settle};
use landspout_loop::{
    EventLoop, LoopConfig, PeriodicCallback, add_callback, call_later, enter, label, sleep, spawn,
    spawn_named,
};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::yield_now;

fn watched_loop(name: &str, threshold: u64) -> EventLoop {
    log::start();
    let threshold = Duration::from_millis(threshold);
    EventLoop::with_config(LoopConfig::default().name(name).stall_threshold(threshold)).unwrap()
}

/// Holds the loop until the log has said, twice, what holds it.
fn hold(event_loop: &str, culprit: &str) {
    let held = format!("event loop `{event_loop}` has been held for ");
    let lines = log::wait_for(2, &["WARN", &held, &format!(" ms by {culprit}")]);
    let held: Vec<_> = lines.iter().map(|line| milliseconds(line)).collect();
    assert!(held[0] >= 20 && held[1] >= 2 * held[0], "{lines:#?}");
}

/// Waits until the log has said that the loop goes on.
fn gone_on(event_loop: &str, culprit: &str) {
    let goes_on = format!("event loop `{event_loop}` goes on; it was held for ");
    let line = log::wait_for(1, &["WARN", &goes_on, &format!(" ms by {culprit}")]).remove(0);
    assert!(milliseconds(&line) >= 40, "{line}");
}

fn milliseconds(line: &str) -> u64 {
    let (_, held) = line.split_once(" held for ").unwrap();
    held.split_once(" ms").unwrap().0.parse().unwrap()
}

#[test]
fn a_callback_is_named_while_it_holds_the_loop() {
    let event_loop = watched_loop("callback loop", 20);
    let culprit = format!("callback added at {}:{}:", file!(), line!() + 3);
    event_loop.run_until(async {
        let expected = culprit.clone();
        add_callback(move || hold("callback loop", &expected));
        settle().await;
    });
    gone_on("callback loop", &culprit);
    // A busy machine may have kept the loop waiting for a while, too.
    assert!(event_loop.handle().stats().stalls >= 1);
}

#[test]
fn a_timer_is_named_while_it_holds_the_loop() {
    let culprit = format!("timer set at {}:{}:", file!(), line!() + 3);
    watched_loop("timer loop", 20).run_until(async {
        let expected = culprit.clone();
        call_later(Duration::ZERO, move || hold("timer loop", &expected));
        settle().await;
    });
    gone_on("timer loop", &culprit);
}

#[test]
fn a_periodic_callback_is_named_while_it_holds_the_loop() {
    let culprit = format!("periodic callback started at {}:{}:", file!(), line!() + 9);
    watched_loop("periodic loop", 20).run_until(async {
        let (expected, has_held) = (culprit.clone(), Rc::new(Cell::new(false)));
        let holds = Rc::clone(&has_held);
        let hold = move || {
            hold("periodic loop", &expected);
            holds.set(true);
        };
        let periodic = PeriodicCallback::new(Duration::from_millis(1), hold).unwrap();
        periodic.start();
        while !has_held.get() {
            sleep(Duration::from_millis(1)).await;
        }
        periodic.stop();
    });
    gone_on("periodic loop", &culprit);
}

#[test]
fn a_task_is_named_while_it_holds_the_loop() {
    let culprit = format!("task spawned at {}:{}:", file!(), line!() + 3);
    watched_loop("task loop", 20).run_until(async {
        let expected = culprit.clone();
        let task = spawn(async move {
            yield_now().await;
            hold("task loop", &expected);
        });
        task.await.unwrap();
    });
    gone_on("task loop", &culprit);
}

#[test]
fn a_named_task_is_named_by_its_name() {
    let event_loop = watched_loop("named loop", 20);
    let task = event_loop.run_until(async {
        spawn_named("glutton", async { hold("named loop", "task `glutton`") }).await
    });
    assert_eq!(task, Ok(()));
}

#[test]
fn the_main_future_is_named_while_it_holds_the_loop() {
    let culprit = format!("main future run at {}:{}:", file!(), line!() + 2);
    let event_loop = watched_loop("main loop", 20);
    event_loop.run_until(async { hold("main loop", &culprit) });
}

#[test]
fn a_section_within_a_task_is_named_rather_than_the_task() {
    watched_loop("section loop", 20).run_until(async {
        let handler = label("handler GET /slow");
        let task = spawn(async move {
            let task = enter(handler);
            hold("section loop", "handler GET /slow");
            assert_eq!(enter(task), handler);
        });
        task.await.unwrap();
    });
}

#[test]
fn a_task_spawned_by_others_is_called_unknown() {
    watched_loop("foreign loop", 20).run_until(async {
        let culprit = "code that was not spawned through landspout";
        let task = tokio::task::spawn_local(async { hold("foreign loop", culprit) });
        task.await.unwrap();
    });
}

#[test]
fn many_short_polls_are_no_stall_even_of_tasks_spawned_by_others() {
    // The threshold is longer than a busy machine keeps a thread waiting.
    let event_loop = watched_loop("busy loop", 1500);
    let began = Instant::now();
    let busy = move || async move {
        while began.elapsed() < Duration::from_millis(2500) {
            yield_now().await;
        }
    };
    let tasks = event_loop.run_until(async {
        let tasks = [tokio::task::spawn_local(busy()), tokio::task::spawn_local(busy())];
        let [first, second] = tasks;
        first.await.and(second.await)
    });
    tasks.unwrap();
    assert_eq!(event_loop.handle().stats().stalls, 0);
    assert!(!log::has(&["`busy loop`"]));
}

#[test]
fn a_threshold_of_zero_turns_the_watchdog_off() {
    // The neighbour is watched, and held for as long: what is reported of it
    // shows that the watchdog has had the time to look.
    let unwatched = watched_loop("unwatched loop", 0);
    unwatched.run_until(async {
        let neighbour = std::thread::spawn(|| {
            let culprit = "task `neighbour`";
            let task = async move { hold("neighbour loop", culprit) };
            let event_loop = watched_loop("neighbour loop", 20);
            event_loop.run_until(async { spawn_named("neighbour", task).await })
        });
        assert_eq!(neighbour.join().unwrap(), Ok(()));
    });
    assert_eq!(unwatched.handle().stats().stalls, 0);
    assert!(!log::has(&["`unwatched loop`"]));
}
