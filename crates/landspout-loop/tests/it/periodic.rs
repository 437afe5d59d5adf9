//! Periodic callbacks.

use crate::{log, paused};
use landspout_loop::{EventLoop, Instant, PeriodicCallback, PeriodicError, sleep};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The seconds, from now on, at which something has happened.
#[derive(Clone)]
struct Times {
    began: Instant,
    seconds: Rc<RefCell<Vec<u64>>>,
}

impl Times {
    fn new() -> Times {
        Times { began: Instant::now(), seconds: Rc::default() }
    }

    fn note(&self) {
        self.seconds.borrow_mut().push(self.began.elapsed().as_secs());
    }
}

#[test]
fn the_first_call_comes_after_one_period() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        let periodic = PeriodicCallback::new(2 * SECOND, move || noting.note()).unwrap();
        periodic.start();
        periodic.start();
        assert!(periodic.is_running());
        sleep(7 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [2, 4, 6]);
    });
}

#[test]
fn the_period_is_from_start_to_start() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        let periodic = PeriodicCallback::new_async(3 * SECOND, move || {
            let noting = noting.clone();
            async move {
                noting.note();
                sleep(2 * SECOND).await;
            }
        });
        periodic.unwrap().start();
        sleep(10 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [3, 6, 9]);
    });
}

#[test]
fn a_long_call_is_not_overlapped_and_skips_whole_cycles() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        let periodic = PeriodicCallback::new_async(2 * SECOND, move || {
            let noting = noting.clone();
            async move {
                noting.note();
                sleep(5 * SECOND).await;
                noting.note();
            }
        });
        periodic.unwrap().start();
        sleep(15 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [2, 7, 8, 13, 14]);
    });
}

#[test]
fn a_loop_that_was_held_skips_whole_cycles() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        PeriodicCallback::new(2 * SECOND, move || noting.note()).unwrap().start();
        tokio::time::advance(5 * SECOND).await;
        sleep(4 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [5, 6, 8]);
    });
}

#[test]
fn stop_ends_it_also_from_within_and_start_begins_anew() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        let own = Rc::new(RefCell::new(None::<PeriodicCallback>));
        let within = Rc::clone(&own);
        let periodic = PeriodicCallback::new(2 * SECOND, move || {
            noting.note();
            within.borrow().as_ref().unwrap().stop();
        });
        let periodic = periodic.unwrap();
        *own.borrow_mut() = Some(periodic.clone());
        periodic.start();
        sleep(5 * SECOND).await;
        assert!(!periodic.is_running());
        periodic.start();
        sleep(5 * SECOND).await;
        periodic.start();
        periodic.stop();
        sleep(5 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [2, 7]);
    });
}

#[test]
fn stop_lets_an_async_call_end_and_a_new_start_does_not_overlap_it() {
    paused(async {
        let times = Times::new();
        let noting = times.clone();
        let periodic = PeriodicCallback::new_async(2 * SECOND, move || {
            let noting = noting.clone();
            async move {
                noting.note();
                sleep(6 * SECOND).await;
                noting.note();
            }
        });
        let periodic = periodic.unwrap();
        periodic.start();
        sleep(3 * SECOND).await;
        periodic.stop();
        periodic.start();
        sleep(7 * SECOND).await;
        assert_eq!(*times.seconds.borrow(), [2, 8, 9]);
    });
}

#[test]
fn a_panic_is_logged_with_its_origin_and_the_schedule_goes_on() {
    log::start();
    let line = line!() + 7;
    paused(async {
        let count = Rc::new(Cell::new(0));
        let counting = Rc::clone(&count);
        let callback = move || {
            counting.set(counting.get() + 1);
            assert!(counting.get() != 1, "grapes");
        };
        PeriodicCallback::new(SECOND, callback).unwrap().start();
        let failing = async || panic!("melons");
        PeriodicCallback::new_async(SECOND, failing).unwrap().start();
        sleep(4 * SECOND).await;
        assert!(count.get() >= 3);
        assert!(landspout_loop::LoopHandle::current().stats().panics >= 4);
    });
    let line = line + 1;
    log::wait_for(
        1,
        &["ERROR", &format!("periodic callback started at {}:{line}", file!()), "grapes"],
    );
    log::wait_for(1, &["ERROR", "periodic callback started at", "melons"]);
}

#[test]
fn it_runs_on_without_its_handle_and_ends_with_its_loop() {
    let event_loop = EventLoop::new().unwrap();
    let held = Rc::new(());
    let copy = Rc::clone(&held);
    event_loop.run_until(async {
        let periodic = PeriodicCallback::new(SECOND, move || {
            let _ = &copy;
        });
        periodic.unwrap().start();
    });
    assert_eq!(Rc::strong_count(&held), 2);
    drop(event_loop);
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn a_period_of_zero_and_a_jitter_that_is_no_share_are_errors() {
    let zero = PeriodicCallback::new(Duration::ZERO, || ()).unwrap_err();
    assert_eq!(zero, PeriodicError::ZeroPeriod);
    for jitter in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let periodic = PeriodicCallback::new(SECOND, || ()).unwrap();
        assert!(matches!(periodic.jitter(jitter), Err(PeriodicError::Jitter(_))));
    }
}

#[test]
fn jitter_moves_the_calls_within_its_window() {
    paused(async {
        let calls = Rc::new(RefCell::new(vec![Instant::now()]));
        let noting = Rc::clone(&calls);
        let note = move || noting.borrow_mut().push(Instant::now());
        PeriodicCallback::new(10 * SECOND, note).unwrap().jitter(0.2).unwrap().start();
        sleep(200 * SECOND).await;
        let periods: Vec<_> =
            calls.borrow().windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
        assert!(periods.iter().all(|period| (8_998..=11_002).contains(period)), "{periods:?}");
        assert!(periods.iter().any(|period| *period != periods[0]), "{periods:?}");
    });
}
