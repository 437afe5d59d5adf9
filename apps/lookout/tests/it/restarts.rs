//! The history outlives a stop, a kill and a sleep, and says honestly what is not known.

use lookout::outcome::Verdict;
use lookout::state::State;
use lookout::store::{Record, Store};

use crate::history::{flip, keep, outcome, states};
use crate::scratch::Scratch;

#[test]
fn what_is_recorded_before_the_end_is_there_after_a_restart() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    let outcome = outcome(5, Verdict::Ok, 7);
    store.record(Record { endpoint: "a".into(), outcome: outcome.clone(), flip: None }).unwrap();
    drop(store);
    let store = Store::open(&keep(&scratch)).unwrap();
    assert_eq!(store.reader().unwrap().recent("a", 9).unwrap(), [outcome]);
}

#[test]
fn an_open_state_ends_at_the_last_pulse_and_the_time_until_the_restart_is_unknown() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    flip(&store, "a", 1_000, State::Up);
    flip(&store, "b", 2_000, State::Down);
    flip(&store, "b", 4_000, State::Up);
    store.pulse(5_000);
    store.pulse(9_000);
    drop(store);

    let store = Store::open(&keep(&scratch)).unwrap();
    store.pulse(500_000);
    flip(&store, "a", 501_000, State::Up);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(
        states(&reader, "a", 1_000, 600_000),
        ["1000-9000 up", "9000-501000 unknown", "501000-.. up"]
    );
    assert_eq!(
        states(&reader, "b", 2_000, 600_000),
        ["2000-4000 down", "4000-9000 up", "9000-600000 unknown"]
    );
}

#[test]
fn a_state_without_any_pulse_lasted_no_time() {
    let scratch = Scratch::new();
    for at in [1_000, 2_000] {
        let store = Store::open(&keep(&scratch)).unwrap();
        flip(&store, "a", at, State::Up);
    }
    let store = Store::open(&keep(&scratch)).unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(states(&reader, "a", 0, 9_000), ["0-9000 unknown"]);
    assert!(
        reader
            .uptimes(lookout::store::Window { from: 0, to: 9_000 })
            .unwrap()
            .values()
            .all(|uptime| uptime.share().is_none())
    );
}

#[test]
fn a_copy_taken_while_running_opens_as_after_a_kill() {
    let scratch = Scratch::new();
    let running = Store::open(&keep(&scratch)).unwrap();
    flip(&running, "a", 1_000, State::Up);
    running.pulse(3_000);
    running.flush().unwrap();

    // The files as a killed process leaves them: the log is not yet merged.
    let killed = Scratch::new();
    for name in ["lookout.db", "lookout.db-wal"] {
        std::fs::copy(scratch.path().join(name), killed.path().join(name)).unwrap();
    }
    let store = Store::open(&keep(&killed)).unwrap();
    assert_eq!(
        states(&store.reader().unwrap(), "a", 1_000, 5_000),
        ["1000-3000 up", "3000-5000 unknown"]
    );
}

#[test]
fn a_sleep_between_two_pulses_is_unknown_time() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    flip(&store, "a", 1_000, State::Up);
    flip(&store, "b", 1_000, State::Up);
    flip(&store, "b", 3_000, State::Down);
    store.pulse(10_000);
    store.pulse(70_000);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(states(&reader, "a", 1_000, 99_000), ["1000-.. up"], "a minute is no sleep");

    store.pulse(8_000_000);
    store.flush().unwrap();
    assert_eq!(
        states(&reader, "a", 1_000, 9_000_000),
        ["1000-70000 up", "70000-8000000 unknown", "8000000-.. up"]
    );
    assert_eq!(
        states(&reader, "b", 1_000, 9_000_000),
        ["1000-3000 up", "3000-70000 down", "70000-8000000 unknown", "8000000-.. down"]
    );
}
