//! The board: what is known right now, and which change was the last.

use std::collections::HashMap;

use lookout::board::RECENT;
use lookout::outcome::{Outcome, Verdict};
use lookout::state::State;

use crate::site::{Site, outcome};

#[test]
fn each_change_raises_the_version_and_is_the_last_of_its_endpoint() {
    let site = Site::with(3);
    let first = site.board.version();
    site.take(2, Verdict::Ok);
    site.take(0, Verdict::Ok);
    assert_eq!(site.board.version(), first + 2);
    let versions: Vec<u64> = site.board.entries().iter().map(|entry| entry.version).collect();
    assert_eq!((versions[0], versions[2]), (first + 2, first + 1));
    assert!((1..=first).contains(&versions[1]), "an untouched one is news to newcomers only");
}

#[test]
fn versions_have_names_that_mean_nothing_in_another_run() {
    let site = Site::with(1);
    site.take(0, Verdict::Ok);
    let name = site.board.version_name(2);
    assert_eq!(site.board.version_of(&name), 2);
    for other in ["", "2", "1-2", "-2", &format!("{name}x"), &format!("x{name}"), "ü-2"] {
        assert_eq!(site.board.version_of(other), 0, "{other:?}");
    }
}

#[test]
fn so_many_checks_are_at_hand_and_no_more() {
    let site = Site::with(1);
    for at in 0..2 * RECENT as i64 {
        let outcome = Outcome { at, ..outcome(Verdict::Ok) };
        site.board.take(0, outcome, Vec::new());
    }
    let entry = site.board.entry("e0").unwrap();
    assert_eq!(entry.recent.len(), RECENT);
    assert_eq!((entry.recent[0].at, entry.last().unwrap().at), (120, 239));
    assert_eq!(entry.counts().next(), Some((Verdict::Ok, 240)));
}

#[test]
fn what_the_history_knows_is_shown_but_is_no_state_of_now() {
    let site = Site::with(2);
    let failed = Outcome { at: 5, ..outcome(Verdict::Failed) };
    let known = vec![failed.clone(), Outcome { at: 9, ..outcome(Verdict::Ok) }];
    let older = HashMap::from([("e1".to_owned(), Outcome { at: 1, ..failed.clone() })]);
    site.board.restore(HashMap::from([("e0".to_owned(), known)]), older);
    let entries = site.board.entries();
    assert_eq!(entries[0].recent.len(), 2);
    assert_eq!(entries[0].last_failure.as_ref(), Some(&failed));
    assert_eq!(entries[1].last_failure.as_ref().map(|failure| failure.at), Some(1));
    assert!(entries.iter().all(|entry| entry.state() == State::Unknown && !entry.checked()));
    assert_eq!(entries[0].latencies(), [12_000], "failures have none");
}

#[test]
fn the_greatest_delay_of_the_last_minute_is_remembered() {
    let site = Site::with(1);
    site.board.note_start(0, 40, 0);
    site.board.note_start(30_000, 7, 2);
    site.board.note_start(70_000, 5, 1);
    assert_eq!((site.board.worst_lag(), site.board.skipped()), (40, 3));
    site.board.note_start(130_000, 1, 0);
    assert_eq!(site.board.worst_lag(), 5);
    site.board.note_start(900_000, 2, 0);
    assert_eq!(site.board.worst_lag(), 2);
}
