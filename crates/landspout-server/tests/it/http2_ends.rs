//! How connections of HTTP/2 end, and what is told of that.

use crate::http2_wire::{Frames, GET, H2, PREFACE, block, frame, headers, read};
use crate::log::Log;
use crate::wire::{serve, serve_with, within};
use http::Request;
use landspout_server::{LogConfig, LogFormat, Refusal, ServerConfig};
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Notify;

type Asked = landspout_server::Request;

async fn fine(_: Asked) -> &'static str {
    "fine"
}

#[tokio::test(flavor = "local")]
async fn a_connection_that_has_brought_its_requests_goes_away_when_they_are_answered() {
    let release = Rc::new(Notify::new());
    let held = release.clone();
    let site = serve_with(ServerConfig::default().connection_requests(3), move |request: Asked| {
        let held = held.clone();
        async move {
            if request.uri().path() == "/held" {
                held.notified().await;
            }
            "fine"
        }
    });
    let mut client = H2::connect(&site).await;
    let held = Request::get("http://a/held").body(()).unwrap();
    let (first, _) = client.ready().await.send_request(held, true).unwrap();
    for _ in 1..3 {
        assert_eq!(client.get("http://a/").await.status(), 200);
    }
    // The client knows, and opens no more.
    let refused = loop {
        match client.ask(Request::get("http://a/").body(()).unwrap()).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(refused.is_go_away() && refused.reason() == Some(h2::Reason::NO_ERROR), "{refused:?}");
    assert!(!client.ending.is_finished(), "one is still being answered");
    release.notify_one();
    assert_eq!(read(first).await.unwrap().body, "fine");
    within(client.ending).await.unwrap().unwrap();
    assert_eq!(site.stop().await.cut, 0);
}

/// What the server counts and tells of a client that sends these frames.
#[track_caller]
fn check(name: &'static str, frames: Vec<u8>) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let (log, _guard) = Log::install();
        let site = serve(fine);
        let mut client = Frames(TcpStream::connect(site.addr).await.unwrap());
        client.send(PREFACE).await;
        client.send(&frames).await;
        let code = client.goaway().await;
        assert!(matches!(code, Some(1..)), "{code:?} for {name} at {caller}");
        let counted: Vec<_> = site.refusals.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(Refusal::BadRequest, 1)], "{name} at {caller}");
        let lines = log.lines("refused: ");
        assert_eq!(lines.len(), 1, "{lines:?} for {name} at {caller}");
        assert!(lines[0].contains("cause=bad_request remote=127.0.0.1:"), "{lines:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn frames_that_break_the_rules_are_counted_and_told_of_once() {
    let settings = frame(4, 0, 0, b"");
    let after = |bytes: Vec<u8>| [settings.clone(), bytes].concat();
    check("a setting out of range", frame(4, 0, 0, &[0, 2, 0, 0, 0, 9])).await;
    check("a body of no request", after(frame(0, 0, 1, b"body"))).await;
    check("a request on an even stream", after(headers(2, &GET))).await;
    check("a head that cannot be unpacked", after(frame(1, 5, 1, &[0xff; 20]))).await;
    check("a ping of seven bytes", after(frame(6, 0, 0, &[0; 7]))).await;
    check("an empty window update", after(frame(8, 0, 0, &[0; 4]))).await;
    check("a promise", after(frame(5, 4, 1, &[0, 0, 0, 2]))).await;
    let open = frame(1, 1, 1, &block(&GET));
    check("a frame within a head", after([open, frame(6, 0, 0, &[0; 8])].concat())).await;
    let mut burst = settings.clone();
    for stream in 0..200 {
        burst.extend(headers(2 * stream + 1, &GET));
        burst.extend(frame(3, 0, 2 * stream + 1, &8_u32.to_be_bytes()));
    }
    check("a flood of resets", burst).await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_still_sends_gets_to_read_why_it_ends() {
    let site = serve(fine);
    let mut frames = Frames::connect(&site).await;
    frames.send(&frame(6, 0, 0, &[0; 7])).await;
    // More than would be a flood, in pieces that need not wait for room where time is paused.
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(frames.send(&[0; 64 << 10]).await, "the server reads on");
    }
    assert!(matches!(frames.goaway().await, Some(1..)));
    let counted: Vec<_> = site.refusals.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [(Refusal::BadRequest, 1)]);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_begins_when_it_was_given_up_is_not_kept() {
    let config = ServerConfig::default().first_byte_timeout(Duration::from_secs(3));
    let site = serve_with(config, fine);
    let mut client = site.connect().await;
    assert_eq!(client.rest().await, "", "the server has closed its side");
    client.try_send(PREFACE).await;
    client.try_send(&frame(4, 0, 0, b"")).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let report = site.stop().await;
    assert_eq!((report.finished, report.cut), (0, 0));
}

#[tokio::test(flavor = "local")]
async fn a_request_that_breaks_the_rules_is_counted_and_the_others_go_on() {
    let (log, _guard) = Log::install();
    let site = serve(fine);
    let mut frames = Frames::connect(&site).await;
    let mut odd = GET.to_vec();
    odd.push((":status", "200"));
    frames.send(&headers(1, &odd)).await;
    let code = loop {
        if let (3, _, 1, code) = frames.next().await.unwrap() {
            break code;
        }
    };
    assert_eq!(code, [0, 0, 0, 1]);
    frames.send(&headers(3, &GET)).await;
    while frames.next().await.unwrap().0 != 0 {}
    let counted: Vec<_> = site.refusals.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [(Refusal::BadRequest, 1)]);
    assert_eq!(log.lines("refused: a request breaks the rules of HTTP/2 (error 1)").len(), 1);
}

#[tokio::test(flavor = "local")]
async fn a_client_that_merely_leaves_is_not_refused() {
    let site = serve(fine);
    let mut frames = Frames::connect(&site).await;
    frames.send(&headers(1, &GET)).await;
    while frames.next().await.unwrap().0 != 0 {}
    frames.send(&frame(7, 0, 0, &[0; 8])).await;
    drop(frames);
    let refusals = site.refusals.clone();
    site.stop().await;
    assert_eq!(refusals.iter().map(|(_, count)| count).sum::<u64>(), 0);
}

#[tokio::test(flavor = "local")]
async fn the_access_log_has_a_line_for_each_stream() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log");
    let log = LogConfig::default().format(LogFormat::Common).path(&path);
    let (begun, told) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
    let (begins, tells) = (begun.clone(), told.clone());
    let site = serve_with(ServerConfig::default().log(log), move |request: Asked| {
        let (begins, tells) = (begins.clone(), tells.clone());
        async move {
            if request.uri().path() == "/held" {
                begins.notify_one();
                tells.notified().await;
            }
            "fine"
        }
    });
    let mut client = H2::connect(&site).await;
    client.get("http://a/x").await;
    let request = Request::head("http://a/y").body(()).unwrap();
    client.ask(request).await.unwrap();
    let held = Request::get("http://a/held").body(()).unwrap();
    let (answer, mut stream) = client.ready().await.send_request(held, true).unwrap();
    within(begun.notified()).await;
    stream.send_reset(h2::Reason::CANCEL);
    drop(answer);
    client.get("http://a/z").await;
    told.notify_one();
    site.stop().await;
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<_> = text.lines().filter_map(|line| line.split_once("] ")).collect();
    lines.sort_by_key(|(_, after)| *after);
    let after: Vec<_> = lines.iter().map(|(_, after)| *after).collect();
    let expected = [
        "\"GET /held HTTP/2.0\" 200 0",
        "\"GET /x HTTP/2.0\" 200 4",
        "\"GET /z HTTP/2.0\" 200 4",
        "\"HEAD /y HTTP/2.0\" 200 0",
    ];
    assert_eq!(after, expected);
    assert!(lines.iter().all(|(before, _)| before.starts_with("127.0.0.1 - - [")), "{text}");
}
