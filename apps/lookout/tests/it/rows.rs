//! The list of endpoints and the sentence above it.

use std::collections::HashMap;

use lookout::outcome::{Outcome, Verdict};
use lookout::store::Uptime;
use lookout::view::{Row, Summary, rows};

use crate::site::{Site, file, outcome};

/// A site whose endpoints were driven to these states, one letter each: up, slow, down, unknown
/// though checked, and `-` for not checked.
fn site(states: &str) -> Site {
    let rule = "[defaults]\ndown = \"1 of 2\"\n";
    let site = Site::of(&(rule.to_owned() + &file(states.len(), "http://127.0.0.1:1")));
    for (place, state) in states.chars().enumerate() {
        match state {
            'u' => site.take(place, Verdict::Ok),
            's' => site.take(place, Verdict::Slow),
            'd' => site.take(place, Verdict::Failed),
            '?' => site.take(place, Verdict::NotMeasured),
            _ => {}
        }
    }
    site
}

#[track_caller]
fn check(states: &str, sentence: &str, short: &str) {
    let summary = Summary::of(&site(states).board.entries());
    assert_eq!((summary.sentence.as_str(), summary.short.as_str()), (sentence, short), "{states}");
}

#[test]
fn the_sentence_says_how_many_are_not_well() {
    check("u", "It is up", "all up");
    check("uuu", "All 3 are up", "all up");
    check("d", "It is down", "1 down");
    check("udu", "1 of 3 is down", "1 down");
    check("ddus", "2 of 4 are down, 1 is slow", "2 down");
    check("dssu?", "1 of 5 is down, 2 are slow, 1 is unknown", "1 down");
    check("su", "1 of 2 is slow", "1 slow");
    check("ss", "2 of 2 are slow", "2 slow");
    check("---", "First round under way, 0 of 3 checked", "checking");
    check("u?-", "First round under way, 2 of 3 checked", "checking");
    check("u?", "1 of 2 is unknown", "1 unknown");
    check("?", "It is unknown", "1 unknown");
    check("d-", "1 of 2 is down, 1 is unknown", "1 down");
}

#[test]
fn the_worst_come_first_and_then_the_names_decide() {
    let site = site("uds?du");
    let ids: Vec<String> = rows(&site.board.entries()).into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["e1", "e4", "e2", "e3", "e0", "e5"]);
}

#[test]
fn less_than_always_up_is_never_shown_as_always() {
    let site = Site::with(3);
    let day = 86_400_000;
    let uptime = |down, unknown| Uptime { up: day - down - unknown, slow: 0, down, window: day };
    site.board.take_uptimes(&HashMap::from([
        ("e0".to_owned(), uptime(0, 0)),
        ("e1".to_owned(), uptime(1, 0)),
        ("e2".to_owned(), uptime(0, day / 2)),
    ]));
    let rows = rows(&site.board.entries());
    let shown: Vec<_> = rows.iter().map(|row| (&*row.uptime, row.observed.as_deref())).collect();
    assert_eq!(shown, [("100 %", None), ("99.99 %", None), ("100 %", Some("50.00 %"))]);
}

#[test]
fn an_endpoint_of_which_nothing_is_known_has_no_figures() {
    let row = Row::of(&Site::with(1).board.entries()[0]);
    assert_eq!([row.latency, row.uptime, row.p50, row.p95], ["–", "–", "–", "–"]);
    assert_eq!(row.bar.label, "the last 0 checks: 0 good, 0 slow, 0 failed");
    assert!(row.curve.line.is_empty() && row.error.is_none() && row.since.is_none());
}

#[test]
fn a_long_error_is_cut_and_kept_whole_beside_it() {
    let site = Site::with(1);
    let long = "ä".repeat(500);
    let failed = Outcome { reason: Some(long.clone()), ..outcome(Verdict::Failed) };
    site.board.take(0, failed, Vec::new());
    let error = Row::of(&site.board.entries()[0]).error.unwrap();
    assert_eq!(error.text, "ä".repeat(160) + " …");
    assert_eq!(error.whole, Some(long));
    site.take(0, Verdict::Failed);
    let error = Row::of(&site.board.entries()[0]).error.unwrap();
    assert_eq!((&*error.text, error.whole), ("status: wanted 2xx, got 503", None));
}
