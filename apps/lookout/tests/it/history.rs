//! What was recorded is found again, and the figures agree with brute force.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lookout::config::{Config, Keep};
use lookout::decide::{Decider, Flip, Rule};
use lookout::outcome::{Outcome, Phases, Verdict};
use lookout::state::State;
use lookout::store::{Bucket, Reader, Record, Store, Uptime, Window};

use crate::scratch::Scratch;

pub(crate) fn keep(scratch: &Scratch) -> Keep {
    let mut keep = Config::sample("127.0.0.1:1".parse().unwrap()).keep;
    keep.data = scratch.path().join("lookout.db");
    keep
}

pub(crate) fn outcome(at: i64, verdict: Verdict, total: u32) -> Outcome {
    let phases = Phases { total: Some(total), ..Phases::default() };
    let reason = (verdict != Verdict::Ok).then(|| format!("reason at {at}"));
    Outcome { at, verdict, status: Some(200), phases, reason }
}

/// Records a flip to `state`, with the check that decided it.
pub(crate) fn flip(store: &Store, id: &str, at: i64, state: State) {
    let verdict = if state == State::Down { Verdict::Failed } else { Verdict::Ok };
    let flip = Flip { at, from: State::Unknown, to: state, cause: None };
    let outcome = outcome(at, verdict, 1_000);
    store.record(Record { endpoint: id.into(), outcome, flip: Some(flip) }).unwrap();
}

fn check(store: &Store, id: &str, outcome: Outcome) {
    store.record(Record { endpoint: id.into(), outcome, flip: None }).unwrap();
}

/// States of a window as `since-until state`, with `..` for an end that has not come.
pub(crate) fn states(reader: &Reader, id: &str, from: i64, to: i64) -> Vec<String> {
    let intervals = reader.states(id, Window { from, to }).unwrap();
    let end = |until: Option<i64>| until.map_or("..".to_owned(), |until| until.to_string());
    intervals.iter().map(|i| format!("{}-{} {}", i.since, end(i.until), i.state)).collect()
}

/// A small generator, so that the same history is made each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn a_check_comes_back_as_it_was() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    let full = Outcome {
        at: 1_700_000_000_123,
        verdict: Verdict::Slow,
        status: Some(204),
        phases: Phases {
            dns: Some(1),
            connect: Some(2),
            tls: Some(3),
            first_byte: Some(4),
            total: Some(u32::MAX),
        },
        reason: Some("größer".to_owned()),
    };
    let bare = Outcome { at: full.at + 1, verdict: Verdict::NotMeasured, ..Outcome::default() };
    check(&store, "shop", full.clone());
    check(&store, "shop", bare.clone());
    store.flush().unwrap();
    assert_eq!(store.reader().unwrap().recent("shop", 10).unwrap(), [full, bare]);
    assert_eq!(store.reader().unwrap().recent("nobody", 10).unwrap(), []);
    let stats = store.stats();
    assert_eq!((stats.written, stats.dropped, stats.error), (2, 0, None));
}

#[test]
fn the_last_checks_of_one_and_of_all() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    for at in 0..100 {
        check(&store, "a", outcome(at * 10, Verdict::Ok, 1));
        if at % 50 == 0 {
            check(&store, "b", outcome(at * 10, Verdict::Failed, 1));
        }
    }
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    let times = |outcomes: &[Outcome]| outcomes.iter().map(|o| o.at).collect::<Vec<_>>();
    assert_eq!(times(&reader.recent("a", 3).unwrap()), [970, 980, 990]);
    let all = reader.recent_of_all(3).unwrap();
    assert_eq!(times(&all["a"]), [970, 980, 990]);
    assert_eq!(times(&all["b"]), [0, 500]);
}

#[test]
fn the_last_failure_is_found_behind_many_good_checks() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    check(&store, "a", outcome(1, Verdict::Failed, 1));
    check(&store, "a", outcome(2, Verdict::Failed, 1));
    for at in 3..500 {
        check(&store, "a", outcome(at, Verdict::Slow, 1));
        check(&store, "b", outcome(at, Verdict::Ok, 1));
    }
    store.flush().unwrap();
    let failures = store.reader().unwrap().last_failures().unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures["a"].reason.as_deref(), Some("reason at 2"));
}

#[test]
fn states_follow_each_other_without_gaps() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    flip(&store, "a", 1_000, State::Up);
    flip(&store, "a", 5_000, State::Down);
    flip(&store, "a", 6_000, State::Unknown);
    flip(&store, "a", 7_000, State::Up);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(
        states(&reader, "a", 0, 10_000),
        ["0-1000 unknown", "1000-5000 up", "5000-6000 down", "6000-7000 unknown", "7000-.. up"]
    );
    assert_eq!(states(&reader, "a", 2_000, 5_000), ["1000-5000 up"]);
    assert_eq!(states(&reader, "a", 8_000, 9_000), ["7000-.. up"]);
    assert_eq!(states(&reader, "nobody", 0, 9), ["0-9 unknown"]);
}

#[test]
fn a_clock_set_back_makes_no_overlap() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    flip(&store, "a", 1_000, State::Up);
    flip(&store, "a", 5_000, State::Down);
    flip(&store, "a", 2_000, State::Up);
    flip(&store, "a", 3_000, State::Down);
    flip(&store, "a", 6_000, State::Up);
    store.flush().unwrap();
    assert_eq!(
        states(&store.reader().unwrap(), "a", 1_000, 9_000),
        ["1000-5000 up", "5000-6000 down", "6000-.. up"]
    );
}

#[test]
fn uptime_is_weighted_by_time_and_leaves_unknown_out() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    flip(&store, "a", 1_000, State::Up);
    flip(&store, "a", 4_000, State::Down);
    flip(&store, "a", 5_000, State::Slow);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    let uptime = reader.uptimes(Window { from: 0, to: 10_000 }).unwrap()["a"];
    assert_eq!(uptime, Uptime { up: 3_000, slow: 5_000, down: 1_000, window: 10_000 });
    assert_eq!(uptime.share(), Some(8.0 / 9.0));
    assert_eq!(uptime.coverage(), 0.9);
    assert!(reader.uptimes(Window { from: 0, to: 500 }).unwrap().is_empty());
    assert_eq!(Uptime::default().share(), None);
}

#[test]
fn any_window_agrees_with_brute_force() {
    const SPAN: usize = 3_000;
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    let mut dice = Dice(7);
    // What was true in each millisecond, per endpoint.
    let mut truth: BTreeMap<String, Vec<State>> = BTreeMap::new();
    for number in 0..8 {
        let id = format!("e{number}");
        let endpoint: Arc<str> = id.as_str().into();
        let mut decider = Decider::new(Rule { failures: 1, of: 1, recover: 1 });
        let mut held = vec![State::Unknown; SPAN];
        let mut at = dice.roll(200) as usize;
        while at < SPAN {
            let verdict = Verdict::from_code(dice.roll(4) as u8).unwrap();
            let outcome = outcome(at as i64, verdict, 1);
            let flip = decider.decide(&outcome);
            held[at..].fill(decider.state());
            store.record(Record { endpoint: Arc::clone(&endpoint), outcome, flip }).unwrap();
            at += 1 + dice.roll(60) as usize;
        }
        truth.insert(id, held);
    }
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    for _ in 0..200 {
        let from = dice.roll(SPAN as u64) as usize;
        let to = from + 1 + dice.roll((SPAN - from) as u64) as usize;
        let window = Window { from: from as i64, to: to as i64 };
        let uptimes = reader.uptimes(window).unwrap();
        for (id, held) in &truth {
            let time = |state| held[from..to].iter().filter(|held| **held == state).count() as i64;
            let expected = Uptime {
                up: time(State::Up),
                slow: time(State::Slow),
                down: time(State::Down),
                window: (to - from) as i64,
            };
            let empty = Uptime { window: expected.window, ..Uptime::default() };
            assert_eq!(uptimes.get(id).copied().unwrap_or(empty), expected, "{id} {window:?}");

            let intervals = reader.states(id, window).unwrap();
            assert_eq!(Uptime::of(&intervals, window), expected, "{id} {window:?}");
            assert!(intervals.windows(2).all(|pair| pair[0].until == Some(pair[1].since)));
            assert!(intervals[0].since <= window.from);
            assert!(intervals.last().unwrap().until.is_none_or(|until| until >= window.to));
        }
    }
}

#[test]
fn buckets_agree_with_brute_force() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    let mut dice = Dice(11);
    let mut checks = Vec::new();
    let mut at = 0;
    for _ in 0..2_000 {
        at += 1 + dice.roll(90) as i64;
        let verdict = Verdict::from_code(dice.roll(4) as u8).unwrap();
        let outcome = outcome(at, verdict, dice.roll(1_000) as u32);
        check(&store, "a", outcome.clone());
        check(&store, "b", Outcome { at: at + 1, ..Outcome::default() });
        checks.push(outcome);
    }
    store.flush().unwrap();
    let (window, width) = (Window { from: 10_000, to: 60_000 }, 700);
    let mut expected = Vec::new();
    for start in (9_800..60_000).step_by(width) {
        let inside: Vec<&Outcome> = checks
            .iter()
            .filter(|check| (10_000..60_000).contains(&check.at))
            .filter(|check| (start..start + width as i64).contains(&check.at))
            .filter(|check| check.verdict != Verdict::NotMeasured)
            .collect();
        let answered = inside.iter().filter(|check| check.verdict != Verdict::Failed);
        let mut latencies: Vec<u32> = answered.filter_map(|check| check.phases.total).collect();
        latencies.sort_unstable();
        // The smallest latency that at least so many per cent do not exceed.
        let percentile = |percent: usize| {
            let reached = |limit: u32| latencies.iter().filter(|l| **l <= limit).count() * 100;
            latencies.iter().copied().find(|limit| reached(*limit) >= percent * latencies.len())
        };
        if !inside.is_empty() {
            expected.push(Bucket {
                at: start,
                checks: inside.len() as u32,
                failed: (inside.len() - latencies.len()) as u32,
                p50: percentile(50),
                p95: percentile(95),
                max: latencies.last().copied(),
            });
        }
    }
    let buckets = store.reader().unwrap().buckets("a", window, width as i64).unwrap();
    assert_eq!(buckets, expected);
}

#[test]
fn checks_older_than_their_time_are_removed_step_by_step() {
    let scratch = Scratch::new();
    let mut keep = keep(&scratch);
    keep.checks = Duration::from_secs(3_600);
    keep.states = Some(Duration::from_secs(7_200));
    let store = Store::open(&keep).unwrap();
    for at in 0..10_000 {
        check(&store, "a", outcome(at, Verdict::Ok, 1));
    }
    flip(&store, "a", 10_000, State::Up);
    flip(&store, "a", 20_000, State::Down);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    let count = || reader.recent("a", 20_000).unwrap().len();
    assert_eq!(count(), 10_002);

    let hour = 3_600_000;
    store.pulse(hour + 15_000);
    store.flush().unwrap();
    assert_eq!(count(), 10_002 - 4_096, "one commit removes a bounded number");
    for pulse in 1..4 {
        store.pulse(hour + 15_000 + pulse);
        store.flush().unwrap();
    }
    assert_eq!(count(), 1);
    assert_eq!(states(&reader, "a", 10_000, 20_000), ["10000-20000 up"]);

    store.pulse(2 * hour + 20_001);
    store.flush().unwrap();
    assert_eq!(states(&reader, "a", 10_000, 20_000), ["10000-20000 unknown"]);
}

#[test]
fn a_commit_happens_by_itself_and_not_for_each_check() {
    let scratch = Scratch::new();
    let store = Store::open(&keep(&scratch)).unwrap();
    for at in 0..2_000 {
        check(&store, "a", outcome(at, Verdict::Ok, 1));
    }
    let reader = store.reader().unwrap();
    while reader.recent("a", 1).unwrap().is_empty() {
        std::thread::yield_now();
    }
    let stats = store.stats();
    assert_eq!(reader.recent("a", 5_000).unwrap().len(), 2_000);
    assert!(stats.commits <= 1, "{stats:?}");
}

#[test]
fn a_commit_that_fails_is_told_and_tried_again_until_it_goes_through() {
    let scratch = Scratch::new();
    let keep = keep(&scratch);
    let store = Store::open(&keep).unwrap();
    let meddler = rusqlite::Connection::open(&keep.data).unwrap();
    let trap =
        "CREATE TRIGGER trap BEFORE INSERT ON checks BEGIN SELECT raise(ABORT, 'trapped'); END";
    meddler.execute_batch(trap).unwrap();
    flip(&store, "a", 1_000, State::Up);
    let error = store.flush().unwrap_err().to_string();
    assert!(error.contains("lookout.db") && error.contains("trapped"), "{error}");
    assert_eq!(store.stats().written, 0);

    meddler.execute_batch("DROP TRIGGER trap").unwrap();
    flip(&store, "a", 2_000, State::Down);
    store.flush().unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(reader.recent("a", 9).unwrap().len(), 2);
    assert_eq!(states(&reader, "a", 1_000, 3_000), ["1000-2000 up", "2000-.. down"]);
    assert_eq!(store.stats().error, None);
}
