//! Workers.

use crate::log;
use landspout_loop::{
    LoopConfig, LoopHandle, Worker, WorkerOutcome, Workers, WorkersConfig, run_blocking, sleep,
    spawn,
};
use std::collections::HashMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

const TICK: Duration = Duration::from_millis(1);

fn config(threads: usize, name: &str) -> WorkersConfig {
    let config = WorkersConfig::default().threads(threads).restart_delay(TICK);
    config.event_loop(LoopConfig::default().name(name))
}

#[test]
fn each_has_a_thread_a_loop_and_an_index_of_its_own() {
    let report = Workers::new(config(3, "own")).run(|worker| async move {
        let not_send = Rc::new(worker.count());
        let task = spawn(async move { *not_send });
        assert_eq!(task.await, Ok(3));
        let name = thread::current().name().unwrap().to_owned();
        assert_eq!(LoopHandle::current().name(), name);
        (worker.index(), name)
    });
    let outcomes = report.unwrap().workers.into_iter().map(|worker| worker.outcome);
    let expected = (0..3).map(|index| WorkerOutcome::Finished((index, format!("own-{index}"))));
    assert!(outcomes.eq(expected));
}

#[test]
fn by_default_there_are_as_many_as_cores() {
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!(WorkersConfig::default().thread_count(), cores);
    let report = Workers::new(WorkersConfig::default()).run(|_| async {}).unwrap();
    assert_eq!(report.workers.len(), cores);
}

#[test]
fn one_that_panics_is_restarted_with_its_index_and_said_in_the_log() {
    log::start();
    let runs = Arc::new(Mutex::new(HashMap::new()));
    let counting = Arc::clone(&runs);
    let report = Workers::new(config(2, "restarted")).run(move |worker| {
        let run = {
            let mut runs = counting.lock().unwrap();
            let run = runs.entry(worker.index()).or_insert(0);
            *run += 1;
            *run
        };
        async move {
            sleep(TICK).await;
            assert!(worker.index() == 0 || run == 3, "quinces");
            run
        }
    });
    let workers = report.unwrap().workers;
    assert_eq!((workers[0].restarts, &workers[0].outcome), (0, &WorkerOutcome::Finished(1)));
    assert_eq!((workers[1].restarts, &workers[1].outcome), (2, &WorkerOutcome::Finished(3)));
    log::wait_for(1, &["ERROR", "`restarted-1`", "quinces", "starts again in 1ms", file!()]);
    log::wait_for(1, &["ERROR", "`restarted-1`", "quinces", "starts again in 2ms"]);
}

#[test]
fn one_whose_future_cannot_be_made_is_restarted() {
    let calls = AtomicUsize::new(0);
    let report = Workers::new(config(1, "unmade")).run(move |_| {
        assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "not yet");
        async {}
    });
    assert_eq!(report.unwrap().workers[0].restarts, 1);
}

#[test]
fn a_restart_drops_what_the_panicking_run_has_left() {
    let held = Arc::new(());
    let watched = Arc::downgrade(&held);
    let held = Mutex::new(Some(held));
    let report = Workers::new(config(1, "left")).run(move |_| {
        let held = held.lock().unwrap().take();
        let watched = watched.clone();
        async move {
            let first = held.is_some();
            drop(spawn(async move {
                pending::<()>().await;
                drop(held);
            }));
            assert!(!first, "the first run");
            watched.strong_count()
        }
    });
    assert_eq!(report.unwrap().workers[0].outcome, WorkerOutcome::Finished(0));
}

async fn until_shutdown(worker: Worker) {
    worker.shutdown().triggered().await;
}

#[test]
fn shutdown_ends_all_from_another_thread() {
    let workers = Workers::new(config(2, "shut"));
    let shutdown = workers.shutdown();
    let triggering = thread::spawn(move || shutdown.trigger());
    let report = workers.run(until_shutdown).unwrap();
    triggering.join().unwrap();
    assert!(report.workers.iter().all(|worker| worker.outcome == WorkerOutcome::Finished(())));
}

#[test]
fn shutdown_may_follow_a_future_or_be_triggered_by_a_worker() {
    let report =
        Workers::new(config(2, "on")).shutdown_on(async { sleep(TICK).await }).run(until_shutdown);
    assert_eq!(report.unwrap().workers.len(), 2);
    let report = Workers::new(config(2, "by")).run(|worker| async move {
        if worker.index() == 0 {
            worker.shutdown().trigger();
        }
        until_shutdown(worker).await;
    });
    assert_eq!(report.unwrap().workers.len(), 2);
}

#[test]
fn shutdown_ends_the_wait_for_a_restart() {
    let config = config(1, "waiting").restart_delay(Duration::from_secs(3600));
    let workers = Workers::new(config);
    let shutdown = workers.shutdown();
    let ending = thread::spawn(move || {
        log::wait_for(1, &["`waiting-0`", "starts again in"]);
        shutdown.trigger();
    });
    log::start();
    let report = workers.run(|_| async { panic!("medlars") }).unwrap();
    ending.join().unwrap();
    let WorkerOutcome::<()>::Failed(reason) = &report.workers[0].outcome else {
        panic!("{report:?}");
    };
    assert!(reason.contains("medlars"), "{reason}");
}

#[test]
fn one_that_does_not_end_is_abandoned_at_the_deadline_and_named() {
    log::start();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(Some(held));
    // Longer than a busy machine lets the other one wait for its end.
    let workers = Workers::new(config(2, "abandoned").shutdown_timeout(Duration::from_secs(2)));
    let report = workers.run(move |worker| {
        let held = held.lock().unwrap().take_if(|_| worker.index() == 1);
        async move {
            match held {
                Some(held) => drop(run_blocking(move || held.recv()).await),
                None => worker.shutdown().trigger(),
            }
        }
    });
    let outcomes: Vec<_> =
        report.unwrap().workers.into_iter().map(|worker| worker.outcome).collect();
    assert_eq!(outcomes, [WorkerOutcome::Finished(()), WorkerOutcome::Abandoned]);
    log::wait_for(1, &["ERROR", "`abandoned-1`", "is abandoned"]);
    assert!(!log::has(&["`abandoned-0`"]));
    drop(release);
}

#[cfg(feature = "pin")]
#[test]
fn pinned_ones_run() {
    let report = Workers::new(config(3, "pinned").pin(true)).run(|_| async {}).unwrap();
    assert_eq!(report.workers.len(), 3);
}
