//! When checks begin: evenly, never twice at once, never queued up.

use std::time::Duration;

use lookout::schedule::{Schedule, Start};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(30);

fn schedule<'a>(ids: impl IntoIterator<Item = &'a String>) -> Schedule {
    Schedule::new(0, 100_000, ids.into_iter().map(|id| (id.as_str(), EVERY)))
}

/// Lets checks that take no time begin until `end`, and returns all starts.
fn run(schedule: &mut Schedule, end: i64) -> Vec<Start> {
    let mut starts = Vec::new();
    while let Some(due) = schedule.next_due().filter(|due| *due < end) {
        let start = schedule.start(due).unwrap();
        schedule.finish(start.endpoint, due, None);
        starts.push(start);
    }
    starts
}

#[track_caller]
fn check_even(ids: &[String]) {
    let mut schedule = schedule(ids);
    // The first round is nearer together, so the second is counted.
    run(&mut schedule, 60_000);
    let mut starts = [0_u32; 30];
    for start in run(&mut schedule, 90_000) {
        starts[(start.due / 1_000 - 60) as usize] += 1;
    }
    assert_eq!(starts.iter().sum::<u32>(), 1_000);
    for count in starts {
        assert!((25..=41).contains(&count), "33 ± 8 starts a second: {starts:?}");
    }
}

#[test]
fn a_thousand_endpoints_begin_evenly() {
    for name in ["endpoint-", "e", "shop.example.org-", "0"] {
        let ids: Vec<String> = (0..1_000).map(|number| format!("{name}{number}")).collect();
        check_even(&ids);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_thousand_endpoints_of_any_name_begin_evenly(
        ids in prop::collection::hash_set("[a-z0-9]{1,12}-[a-z]{3}", 1_000),
    ) {
        check_even(&ids.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn each_begins_once_in_each_interval_and_within_the_first() {
    let ids: Vec<String> = (0..50).map(|number| format!("endpoint-{number}")).collect();
    let mut schedule = schedule(&ids);
    let starts = run(&mut schedule, 30_000 * 10);
    for endpoint in 0..50 {
        let due: Vec<i64> = starts
            .iter()
            .filter(|start| start.endpoint == endpoint)
            .map(|start| start.due)
            .collect();
        assert!(due[0] < 1_000, "few endpoints are all checked in the first second");
        assert!(due[2..].windows(2).all(|pair| pair[1] - pair[0] == 30_000), "{due:?}");
        assert!(due[1] - due[0] <= 30_000 && due.len() >= 10);
    }
}

#[test]
fn the_rhythm_outlives_a_restart_and_a_new_order_in_the_file() {
    let ids: Vec<String> = (0..100).map(|number| format!("endpoint-{number}")).collect();
    let turned: Vec<String> = ids.iter().rev().cloned().collect();
    let rhythm = |ids: &[String], now: i64| {
        let mut schedule = Schedule::new(now, 100, ids.iter().map(|id| (id.as_str(), EVERY)));
        run(&mut schedule, now + 60_000);
        let mut due: Vec<(String, i64)> = run(&mut schedule, now + 90_000)
            .into_iter()
            .map(|start| (ids[start.endpoint].clone(), start.due % 30_000))
            .collect();
        due.sort();
        due
    };
    assert_eq!(rhythm(&ids, 0), rhythm(&ids, 1_234_567));
    assert_eq!(rhythm(&ids, 0), rhythm(&turned, 0));
}

#[test]
fn no_more_begin_than_may_run_at_once() {
    let ids = ["a", "b", "c"].map(|id| (id, EVERY));
    let mut schedule = Schedule::new(0, 2, ids);
    assert!(schedule.start(60_000).is_some());
    let second = schedule.start(60_000).unwrap();
    assert_eq!(schedule.running(), 2);
    assert_eq!((schedule.next_due(), schedule.start(60_000)), (None, None));
    schedule.finish(second.endpoint, 60_100, None);
    assert!(schedule.next_due().is_some());
    assert!(schedule.start(60_100).is_some());
}

#[test]
fn nothing_begins_before_it_is_due_and_never_twice_at_once() {
    let mut schedule = Schedule::new(0, 9, [("a", EVERY)]);
    let due = schedule.next_due().unwrap();
    assert_eq!(schedule.start(due - 1), None);
    assert!(schedule.start(due).is_some());
    assert_eq!(schedule.start(due + 300_000), None);
}

#[test]
fn late_rounds_are_skipped_and_counted() {
    let mut schedule = Schedule::new(0, 9, [("a", EVERY)]);
    let first = schedule.start(schedule.next_due().unwrap()).unwrap();
    schedule.finish(0, first.due, None);
    let round = schedule.next_due().unwrap();

    // The loop was busy for 65 s: two rounds went by, and this start stands for the last.
    let late = schedule.start(round + 65_000).unwrap();
    assert_eq!((late.due, late.late, late.skipped), (round, 65_000, 2));

    // It ran over two more.
    assert_eq!(schedule.finish(0, round + 121_000, None), 2);
    assert_eq!(schedule.next_due(), Some(round + 150_000));
}

#[test]
fn a_quick_retry_comes_before_the_next_round_but_never_after() {
    let mut schedule = Schedule::new(0, 9, [("a", EVERY)]);
    let first = schedule.start(schedule.next_due().unwrap()).unwrap();
    schedule.finish(0, first.due, None);
    let round = schedule.next_due().unwrap();

    schedule.start(round).unwrap();
    schedule.finish(0, round + 100, Some(5 * SECOND));
    assert_eq!(schedule.next_due(), Some(round + 5_100));

    schedule.start(round + 5_100).unwrap();
    schedule.finish(0, round + 28_000, Some(5 * SECOND));
    assert_eq!(schedule.next_due(), Some(round + 30_000));
}

#[test]
fn different_intervals_share_one_schedule() {
    let mut schedule = Schedule::new(0, 9, [("fast", SECOND), ("slow", 3_600 * SECOND)]);
    let starts = run(&mut schedule, 3_600_000);
    let count = |endpoint| starts.iter().filter(|start| start.endpoint == endpoint).count();
    assert!((3_600..=3_601).contains(&count(0)));
    assert!((1..=2).contains(&count(1)));
}
