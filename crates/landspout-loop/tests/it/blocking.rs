//! Blocking work.

use crate::settle;
use landspout_loop::{BlockingError, EventLoop, LoopConfig, multi, run_blocking, spawn};
use std::sync::mpsc;

fn small_loop() -> EventLoop {
    let config = LoopConfig::default().max_blocking_threads(1).blocking_queue(1);
    EventLoop::with_config(config).unwrap()
}

#[test]
fn runs_beside_the_loop() {
    let here = std::thread::current().id();
    let there = small_loop().run_until(run_blocking(|| std::thread::current().id()));
    assert_ne!(there, Ok(here));
}

#[test]
fn is_refused_when_threads_and_queue_are_full() {
    let (release, held) = mpsc::channel::<()>();
    small_loop().run_until(async {
        let running = spawn(run_blocking(move || held.recv()));
        settle().await;
        let waiting = spawn(run_blocking(|| 7));
        settle().await;
        let refused = run_blocking(|| unreachable!()).await;
        assert_eq!(refused, Err::<(), _>(BlockingError::Saturated { capacity: 2 }));
        drop(release);
        assert!(running.await.unwrap().is_ok());
        assert_eq!(waiting.await.unwrap(), Ok(7));
        assert_eq!(run_blocking(|| 8).await, Ok(8));
    });
}

#[test]
fn a_dropped_call_keeps_its_place_until_its_work_is_done() {
    let (release, held) = mpsc::channel::<()>();
    let (done, finished) = mpsc::channel::<()>();
    small_loop().run_until(async {
        let running = spawn(run_blocking(move || {
            assert!(held.recv().is_err());
            done.send(()).unwrap();
        }));
        settle().await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        let results = multi((0..2).map(|_| run_blocking(|| ()))).all();
        let results = spawn(results);
        settle().await;
        drop(release);
        let results = results.await.unwrap();
        assert_eq!(results, [Ok(()), Err(BlockingError::Saturated { capacity: 2 })]);
    });
    finished.recv().unwrap();
}

#[test]
fn a_panic_is_an_error_value() {
    let panicked = small_loop().run_until(run_blocking(|| panic!("figs")));
    assert_eq!(panicked, Err::<(), _>(BlockingError::Panicked("figs".to_owned())));
}
