//! Each expectation, met and not met, and what is said about it.

use std::time::Duration;

use lookout::expect::{Answer, BODY_CAP, Expectations, Statuses};
use lookout::outcome::Verdict;
use proptest::prelude::*;

fn answer(status: u16, body: &[u8], millis: u64) -> Answer<'_> {
    Answer { status, body, cut: false, total: Duration::from_millis(millis) }
}

#[track_caller]
fn check(expectations: &Expectations, answer: Answer<'_>, verdict: Verdict, reason: Option<&str>) {
    let judgement = expectations.judge(&answer);
    assert_eq!(judgement.verdict(), verdict);
    assert_eq!(judgement.reason().as_deref(), reason);
}

#[test]
fn status() {
    let ok = Expectations::default();
    check(&ok, answer(200, b"", 1), Verdict::Ok, None);
    check(&ok, answer(299, b"", 1), Verdict::Ok, None);
    check(&ok, answer(301, b"", 1), Verdict::Failed, Some("status: wanted 2xx, got 301"));

    let status = Statuses::parse("200").unwrap().or(Statuses::parse("4xx").unwrap());
    let some = Expectations { status, ..Expectations::default() };
    check(&some, answer(404, b"", 1), Verdict::Ok, None);
    check(&some, answer(201, b"", 1), Verdict::Failed, Some("status: wanted 200 or 4xx, got 201"));
}

#[test]
fn body_contains() {
    let wanted = Expectations { contains: Some("Add to".to_owned()), ..Expectations::default() };
    check(&wanted, answer(200, b"<b>AAdd to basket", 1), Verdict::Ok, None);
    check(
        &wanted,
        answer(200, b"Sold \"out\"\n", 1),
        Verdict::Failed,
        Some(r#"body: wanted text containing "Add to", got 11 bytes: "Sold \"out\"\n""#),
    );
    check(
        &wanted,
        answer(200, b"", 1),
        Verdict::Failed,
        Some(r#"body: wanted text containing "Add to", got an empty body"#),
    );
    let cut = Answer { cut: true, ..answer(200, b"x", 1) };
    let reason = format!(
        "body: wanted text containing \"Add to\", got {BODY_CAP} bytes and more without it"
    );
    check(&wanted, cut, Verdict::Failed, Some(&reason));
}

#[test]
fn body_lacks() {
    let wanted = Expectations { lacks: Some("Fatal".to_owned()), ..Expectations::default() };
    check(&wanted, answer(200, b"all is well", 1), Verdict::Ok, None);
    check(
        &wanted,
        answer(200, b"oh: Fatal error", 1),
        Verdict::Failed,
        Some(r#"body: wanted text without "Fatal", got it at byte 4"#),
    );
}

#[test]
fn latency() {
    let slow = Some(Duration::from_millis(800));
    let fail = Some(Duration::from_secs(5));
    let wanted = Expectations { slow, fail, ..Expectations::default() };
    check(&wanted, answer(200, b"", 799), Verdict::Ok, None);
    check(
        &wanted,
        answer(200, b"", 800),
        Verdict::Slow,
        Some("latency: wanted less than 800ms, got 800ms"),
    );
    check(
        &wanted,
        answer(200, b"", 4_999),
        Verdict::Slow,
        Some("latency: wanted less than 800ms, got 4.999s"),
    );
    check(
        &wanted,
        answer(200, b"", 5_000),
        Verdict::Failed,
        Some("latency: wanted less than 5s, got 5s"),
    );
}

#[test]
fn every_unmet_expectation_is_told_and_the_worst_decides() {
    let wanted = Expectations {
        contains: Some("ok".to_owned()),
        slow: Some(Duration::from_millis(10)),
        ..Expectations::default()
    };
    check(
        &wanted,
        answer(500, b"no", 20),
        Verdict::Failed,
        Some(
            "status: wanted 2xx, got 500; body: wanted text containing \"ok\", got 2 bytes: \"no\"; \
             latency: wanted less than 10ms, got 20ms",
        ),
    );
    let met: Vec<&str> = wanted
        .judge(&answer(200, b"ok", 1))
        .findings
        .iter()
        .map(|finding| finding.expectation)
        .collect();
    assert_eq!(met, ["status", "body", "latency"]);
}

#[test]
fn a_long_body_is_quoted_in_part() {
    let wanted = Expectations { contains: Some("ok".to_owned()), ..Expectations::default() };
    let body = "ä".repeat(5_000);
    let reason = wanted.judge(&answer(200, body.as_bytes(), 1)).reason().unwrap();
    assert!(reason.ends_with(&format!("got 10000 bytes: \"{}\" ...", "ä".repeat(80))));
}

#[test]
fn a_redirect_is_wanted_only_when_it_is_named() {
    let wants = |text| Statuses::parse(text).unwrap().wants_redirect();
    assert!(wants("301") && wants("3xx"));
    assert!(!wants("2xx") && !wants("404"));
    assert!(Statuses::default().or(Statuses::parse("302").unwrap()).wants_redirect());
}

proptest! {
    #[test]
    fn the_search_finds_what_the_standard_library_finds(body in "[ab]{0,40}", text in "[ab]{1,4}") {
        let wanted = Expectations { contains: Some(text.clone()), ..Expectations::default() };
        let found = wanted.judge(&answer(200, body.as_bytes(), 1)).verdict() == Verdict::Ok;
        prop_assert_eq!(found, body.contains(&text));
    }
}
