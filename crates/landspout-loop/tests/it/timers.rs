//! Timers.

use crate::{Diary, paused, settle};
use landspout_loop::{
    EventLoop, Instant, LoopHandle, TimeoutError, add_callback, call_at, call_later, sleep, spawn,
    with_timeout,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn run_when_their_time_has_come() {
    paused(async {
        let began = Instant::now();
        let ran = Rc::new(Cell::new(None));
        let seen = Rc::clone(&ran);
        call_later(3 * SECOND, move || seen.set(Some(began.elapsed().as_secs())));
        sleep(2 * SECOND).await;
        assert_eq!(ran.get(), None);
        sleep(2 * SECOND).await;
        assert_eq!(ran.get(), Some(3));
    });
}

#[test]
fn run_in_the_order_of_their_times_then_of_their_setting() {
    let diary = Diary::default();
    paused(async {
        call_later(2 * SECOND, diary.entry("late"));
        call_later(SECOND, diary.entry("early"));
        call_later(SECOND, diary.entry("early too"));
        sleep(3 * SECOND).await;
    });
    assert_eq!(diary.read(), "early early too late");
}

#[test]
fn a_nearer_timer_set_later_is_not_kept_waiting() {
    let diary = Diary::default();
    paused(async {
        call_later(1000 * SECOND, diary.entry("far"));
        settle().await;
        call_later(SECOND, diary.entry("near"));
        sleep(2 * SECOND).await;
    });
    assert_eq!(diary.read(), "near");
}

#[test]
fn zero_and_the_past_mean_the_next_turn_in_order() {
    let diary = Diary::default();
    paused(async {
        sleep(5 * SECOND).await;
        let now = Instant::now();
        call_later(Duration::ZERO, diary.entry("zero"));
        call_at(now - SECOND, diary.entry("past"));
        call_later(Duration::ZERO, diary.entry("zero too"));
        add_callback(diary.entry("callback"));
        assert_eq!(diary.read(), "");
        settle().await;
        assert_eq!(Instant::now(), now);
    });
    assert_eq!(diary.read(), "callback past zero zero too");
}

#[test]
fn a_timer_set_by_a_timer_waits_for_the_next_turn() {
    let diary = Diary::default();
    paused(async {
        let inner = diary.clone();
        call_later(SECOND, move || {
            call_later(Duration::ZERO, inner.entry("fourth"));
            add_callback(inner.entry("third"));
            inner.write("first");
        });
        call_later(SECOND, diary.entry("second"));
        sleep(2 * SECOND).await;
    });
    assert_eq!(diary.read(), "first second third fourth");
}

#[test]
fn cancelling_drops_the_callback_and_is_harmless_afterwards() {
    let diary = Diary::default();
    paused(async {
        let cancelled = call_later(SECOND, diary.entry("cancelled"));
        assert!(cancelled.cancel());
        assert!(!cancelled.cancel());
        assert_eq!(Rc::strong_count(&diary.0), 1);
        let fired = call_later(SECOND, diary.entry("fired"));
        sleep(2 * SECOND).await;
        assert!(!fired.cancel());
    });
    assert_eq!(diary.read(), "fired");
}

#[test]
fn one_timer_may_cancel_another_that_is_due_with_it() {
    let diary = Diary::default();
    paused(async {
        let victim = Rc::new(Cell::new(None));
        let found = Rc::clone(&victim);
        call_later(SECOND, move || {
            let timeout: landspout_loop::Timeout = found.take().unwrap();
            assert!(timeout.cancel());
        });
        victim.set(Some(call_later(SECOND, diary.entry("cancelled"))));
        sleep(2 * SECOND).await;
    });
    assert_eq!(diary.read(), "");
}

#[test]
fn dropping_the_handle_does_not_cancel() {
    let diary = Diary::default();
    paused(async {
        drop(call_later(SECOND, diary.entry("ran")));
        sleep(2 * SECOND).await;
    });
    assert_eq!(diary.read(), "ran");
}

#[test]
fn a_handle_outlives_its_loop() {
    let event_loop = EventLoop::new().unwrap();
    let timeout = event_loop.run_until(async { call_later(SECOND, || ()) });
    drop(event_loop);
    assert!(!timeout.cancel());
}

#[test]
fn the_longest_delay_is_a_delay() {
    paused(async {
        let timeout = call_later(Duration::MAX, || unreachable!());
        sleep(1_000_000 * SECOND).await;
        assert!(timeout.cancel());
    });
}

#[test]
fn with_timeout_gives_the_output_or_drops_the_future() {
    paused(async {
        assert_eq!(with_timeout(SECOND, async { 7 }).await, Ok(7));
        let held = Rc::new(());
        let copy = Rc::clone(&held);
        let outcome: Result<(), TimeoutError> = with_timeout(SECOND, async move {
            sleep(2 * SECOND).await;
            drop(copy);
        })
        .await;
        assert_eq!(outcome.unwrap_err().to_string(), "the time allowed has passed");
        assert_eq!(Rc::strong_count(&held), 1);
    });
}

#[test]
fn with_timeout_on_a_reference_lets_the_task_go_on() {
    paused(async {
        let mut task = spawn(async {
            sleep(2 * SECOND).await;
            7
        });
        assert!(with_timeout(SECOND, &mut task).await.is_err());
        assert_eq!(task.await, Ok(7));
    });
}

#[test]
fn ten_thousand_timers_run_in_order_and_none_of_the_cancelled() {
    let ran = Rc::new(RefCell::new(Vec::new()));
    paused(async {
        // 7919 is prime: each delay below 10 000 comes once, in no order.
        let timeouts: Vec<_> = (0..10_000_u64)
            .map(|number| {
                let (ran, delay) = (Rc::clone(&ran), number * 7919 % 10_000);
                call_later(Duration::from_millis(delay), move || ran.borrow_mut().push(delay))
            })
            .collect();
        let mut odd = timeouts.iter().skip(1).step_by(2);
        assert!(odd.all(landspout_loop::Timeout::cancel));
        assert_eq!(LoopHandle::current().stats().timers_pending, 5_000);
        sleep(20 * SECOND).await;
        assert_eq!(LoopHandle::current().stats().timers_pending, 0);
    });
    let ran = ran.take();
    assert_eq!(ran.len(), 5_000);
    assert!(ran.is_sorted() && ran.iter().all(|delay| delay % 2 == 0));
}

#[test]
fn a_timer_may_cancel_itself_and_set_itself_anew() {
    let diary = Diary::default();
    paused(async {
        let own = Rc::new(RefCell::new(None::<landspout_loop::Timeout>));
        let (inner, entry) = (Rc::clone(&own), diary.entry("again"));
        let timeout = call_later(SECOND, move || {
            assert!(!inner.take().unwrap().cancel(), "it has begun");
            call_later(SECOND, entry);
        });
        own.replace(Some(timeout));
        sleep(3 * SECOND).await;
    });
    assert_eq!(diary.read(), "again");
}

#[test]
fn what_a_cancelled_timer_holds_may_use_the_loop_when_it_is_dropped() {
    struct Last(Diary);

    impl Drop for Last {
        fn drop(&mut self) {
            call_later(SECOND, self.0.entry("last words"));
        }
    }

    let diary = Diary::default();
    paused(async {
        let last = Last(diary.clone());
        assert!(call_later(SECOND, move || drop(last)).cancel());
        sleep(2 * SECOND).await;
    });
    assert_eq!(diary.read(), "last words");
}
