//! Statistics.

use crate::{paused, settle};
use landspout_loop::{EventLoop, LoopConfig, LoopHandle, add_callback, call_later, sleep, spawn};
use std::future::pending;
use std::time::{Duration, Instant};

#[test]
fn count_callbacks_tasks_and_timers() {
    let stats = paused(async {
        add_callback(|| ());
        add_callback(|| ());
        drop(spawn(async {}));
        drop(spawn(pending::<()>()));
        call_later(Duration::from_secs(1), || ());
        call_later(Duration::from_secs(9), || ());
        call_later(Duration::from_secs(1), || ()).cancel();
        sleep(Duration::from_secs(2)).await;
        LoopHandle::current().stats()
    });
    assert_eq!(stats.callbacks_run, 2);
    assert_eq!((stats.tasks_spawned, stats.tasks_alive), (2, 1));
    assert_eq!((stats.timers_fired, stats.timers_pending), (1, 1));
    assert_eq!((stats.panics, stats.stalls), (0, 0));
    assert_eq!(stats.lag.count(), 1);
}

#[test]
fn the_lag_of_a_late_timer_falls_into_its_bucket() {
    let stats = paused(async {
        call_later(Duration::from_secs(1), || ());
        settle().await;
        tokio::time::advance(Duration::from_millis(1150)).await;
        settle().await;
        LoopHandle::current().stats()
    });
    let filled: Vec<_> = stats.lag.buckets().filter(|(_, count)| *count > 0).collect();
    assert_eq!(filled, [(Some(Duration::from_millis(200)), 1)]);
    assert_eq!(stats.lag.buckets().last(), Some((None, 0)));
}

#[test]
fn busy_and_idle_time_are_told_apart() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    assert_eq!(handle.stats().busy_share(), 0.0);
    event_loop.run_until(async { sleep(Duration::from_millis(200)).await });
    let slept = handle.stats();
    assert!(slept.idle >= Duration::from_millis(15), "{slept:?}");
    event_loop.run_until(async {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(20) {}
    });
    let worked = handle.stats();
    assert!(worked.busy >= Duration::from_millis(20), "{worked:?}");
    assert!(worked.busy_share_since(&slept) > slept.busy_share_since(&Default::default()));
}

#[test]
fn a_poll_counts_while_it_lasts_and_no_watchdog_is_needed_for_that() {
    let unwatched = LoopConfig::default().stall_threshold(Duration::ZERO);
    let event_loop = EventLoop::with_config(unwatched).unwrap();
    let handle = event_loop.handle();
    let long = Duration::from_millis(10);
    let (idle, during) = event_loop.run_until(async {
        sleep(long).await;
        let idle = handle.stats().idle;
        let began = Instant::now();
        while began.elapsed() < long {
            std::hint::spin_loop();
        }
        (idle, handle.stats())
    });
    assert!(idle >= long / 2, "{idle:?}");
    assert_eq!(during.idle, idle);
    assert!(during.busy >= long, "{during:?}");
    assert!(handle.stats().busy >= during.busy);
}

#[test]
fn time_outside_of_a_run_is_not_counted() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until(async {});
    let stats = event_loop.handle().stats();
    assert_eq!(event_loop.handle().stats(), stats);
}
