//! What one check makes of servers that are well, and of those that are not.

use std::path::Path;
use std::time::Duration;

use lookout::check;
use lookout::config::Config;
use lookout::endpoint::Endpoint;
use lookout::expect::BODY_CAP;
use lookout::outcome::{Outcome, Verdict};

use crate::target::{Act, Target, answer, closed_port, say};

fn endpoint(url: &str, settings: &str) -> Endpoint {
    let file = format!("[[endpoint]]\nid = \"it\"\nurl = \"{url}\"\n{settings}");
    let config = Config::parse("lookout.toml", &file, Path::new(""), &|_| None);
    config.unwrap().endpoints.remove(0)
}

async fn check(url: &str, settings: &str) -> Outcome {
    check::check(&check::client(4), &endpoint(url, settings)).await.0
}

fn why(outcome: &Outcome) -> &str {
    outcome.reason.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "local")]
async fn an_answer_as_expected_is_ok_and_its_phases_are_known() {
    let target = Target::that(say(answer("200 OK", "well"))).await;
    let outcome = check(&target.url("/health?deep=1"), "expect.body.contains = \"well\"").await;
    assert_eq!((outcome.verdict, outcome.status, why(&outcome)), (Verdict::Ok, Some(200), ""));
    let phases: Vec<&str> = outcome.phases.named().map(|(name, _)| name).collect();
    assert_eq!(phases, ["connect", "first_byte", "total"], "an address needs no name, http no TLS");
    let (connect, first_byte) =
        (outcome.phases.connect.unwrap(), outcome.phases.first_byte.unwrap());
    assert!(outcome.phases.total.unwrap() >= connect + first_byte);
    let request = &target.requests()[0];
    assert!(request.starts_with("GET /health?deep=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("user-agent: lookout/"), "{request}");
}

#[tokio::test(flavor = "local")]
async fn a_status_that_is_not_expected_fails() {
    let target = Target::that(say(answer("503 Service Unavailable", "later"))).await;
    let outcome = check(&target.url("/"), "").await;
    assert_eq!((outcome.verdict, outcome.status), (Verdict::Failed, Some(503)));
    assert_eq!(why(&outcome), "status: wanted 2xx, got 503");
    assert_eq!(outcome.latency(), None, "how soon a failure came is no latency");
}

#[tokio::test(flavor = "local")]
async fn a_redirect_is_followed_unless_it_is_what_is_expected() {
    let moved =
        "HTTP/1.1 301 Moved\r\nlocation: /new\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let target = Target::by_path(move |path| match path {
        "/old" => say(moved),
        _ => say(answer("200 OK", "here")),
    });
    let target = target.await;
    let followed = check(&target.url("/old"), "expect.body.contains = \"here\"").await;
    assert_eq!((followed.verdict, followed.status), (Verdict::Ok, Some(200)));
    for expected in ["301", "\"3xx\"", "[200, 301]"] {
        let kept = check(&target.url("/old"), &format!("expect.status = {expected}")).await;
        assert_eq!((kept.verdict, kept.status), (Verdict::Ok, Some(301)), "{expected}");
    }
}

#[tokio::test(flavor = "local")]
async fn redirects_without_end_fail() {
    let round =
        "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let target = Target::that(say(round)).await;
    let outcome = check(&target.url("/?key=wonderland"), "").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(!why(&outcome).contains("wonderland") && !why(&outcome).is_empty(), "{outcome:?}");
    assert_eq!(target.requests().len(), 6, "five are followed");
}

#[tokio::test(flavor = "local")]
async fn a_text_that_is_missing_or_unwanted_fails() {
    let target = Target::that(say(answer("200 OK", "Fatal error"))).await;
    let missing = check(&target.url("/"), "expect.body.contains = \"basket\"").await;
    assert_eq!(missing.verdict, Verdict::Failed);
    assert_eq!(
        why(&missing),
        "body: wanted text containing \"basket\", got 11 bytes: \"Fatal error\""
    );
    let unwanted = check(&target.url("/"), "expect.body.lacks = \"error\"").await;
    assert_eq!(why(&unwanted), "body: wanted text without \"error\", got it at byte 6");
}

#[tokio::test(flavor = "local")]
async fn no_more_of_a_body_is_read_than_is_looked_at() {
    let long = "x".repeat(3 * BODY_CAP) + "basket";
    let target = Target::that(say(answer("200 OK", &long))).await;
    let outcome = check(&target.url("/"), "expect.body.contains = \"basket\"").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(why(&outcome).ends_with("got 1048576 bytes and more without it"), "{outcome:?}");

    let endless = "HTTP/1.1 200 OK\r\n\r\nbasket".to_owned() + &"x".repeat(2 * BODY_CAP);
    let target = Target::that(Act::SayAndHold(endless.into())).await;
    let outcome = check(&target.url("/"), "expect.body.contains = \"basket\"").await;
    assert_eq!(outcome.verdict, Verdict::Ok, "{outcome:?}");
}

#[tokio::test(flavor = "local")]
async fn a_silent_server_fails_and_what_it_was_waited_for_is_said() {
    let mute = Target::that(Act::SayAndHold(Vec::new())).await;
    let outcome = check(&mute.url("/"), "timeout = \"1s\"").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(why(&outcome), "no answer within 1s, while waiting for the answer");
    assert!(outcome.phases.total.unwrap() >= 1_000_000);

    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbeg";
    let stuck = Target::that(Act::SayAndHold(head.into())).await;
    let outcome = check(&stuck.url("/"), "timeout = \"1s\"").await;
    assert_eq!(why(&outcome), "no answer within 1s, while reading the body");
}

#[tokio::test(flavor = "local")]
async fn a_closed_port_fails_at_once() {
    let outcome = check(&format!("http://{}/", closed_port().await), "").await;
    assert_eq!((outcome.verdict, outcome.status), (Verdict::Failed, None));
    assert!(why(&outcome).starts_with("connecting: Connection refused"), "{outcome:?}");
    let phases: Vec<&str> = outcome.phases.named().map(|(name, _)| name).collect();
    assert_eq!(phases, ["connect", "total"]);
}

#[tokio::test(flavor = "local")]
async fn a_host_that_does_not_resolve_fails() {
    // No name has a part of more than 63 bytes, so that no server need be asked.
    let outcome = check(&format!("http://{}.invalid/", "x".repeat(64)), "").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    let said = why(&outcome);
    assert!(said.contains("resolving the host name") && !said.contains('\n'), "{said}");
    assert!(outcome.phases.dns.is_some() && outcome.phases.connect.is_none());
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_breaks_off_fails() {
    let target = Target::that(say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")).await;
    let outcome = check(&target.url("/"), "").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(why(&outcome).starts_with("reading the body: "), "{outcome:?}");
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_is_not_http_fails() {
    for garbage in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\u{1}\u{2}\r\n\r\n", ""] {
        let target = Target::that(say(garbage)).await;
        let outcome = check(&target.url("/"), "").await;
        assert_eq!((outcome.verdict, outcome.status), (Verdict::Failed, None), "{garbage:?}");
        assert!(why(&outcome).starts_with("waiting for the answer: "), "{outcome:?}");
        assert!(!why(&outcome).contains(char::is_control), "{outcome:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn a_server_without_tls_fails_as_https() {
    let target = Target::that(say(answer("200 OK", ""))).await;
    let outcome = check(&format!("https://{}/", target.addr), "timeout = \"20s\"").await;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(why(&outcome).contains("negotiating TLS"), "{outcome:?}");
}

#[tokio::test(flavor = "local")]
async fn a_late_answer_is_slow_or_has_failed_as_the_limits_say() {
    let late = Act::SayAfter(Duration::from_millis(30), answer("200 OK", "").into());
    let target = Target::that(late).await;
    let slow = check(&target.url("/"), "expect.latency = { slow = \"10ms\", fail = \"5s\" }").await;
    assert_eq!(slow.verdict, Verdict::Slow);
    assert!(why(&slow).starts_with("latency: wanted less than 10ms, got "), "{slow:?}");
    assert_eq!(slow.latency(), slow.phases.total);
    assert!(slow.latency() >= Some(30_000), "{slow:?}");
    let failed = check(&target.url("/"), "expect.latency = { fail = \"20ms\" }").await;
    assert_eq!(failed.verdict, Verdict::Failed);
    let fine = check(&target.url("/"), "expect.latency = { slow = \"9s\" }").await;
    assert_eq!(fine.verdict, Verdict::Ok);
}

#[tokio::test(flavor = "local")]
async fn what_is_sent_is_what_the_file_says() {
    let target = Target::that(say(answer("201 Created", ""))).await;
    let settings = "method = \"POST\"\nbody = \"{}\"\nheaders = { x-probe = \"yes\" }";
    assert_eq!(check(&target.url("/orders"), settings).await.verdict, Verdict::Ok);
    let request = target.requests()[0].to_lowercase();
    for line in ["post /orders http/1.1\r\n", "x-probe: yes\r\n", "content-length: 2\r\n"] {
        assert!(request.contains(line), "{request}");
    }
}
