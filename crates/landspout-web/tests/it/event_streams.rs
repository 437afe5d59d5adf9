//! Streams of events: how they begin, go on and end.

use crate::{header, run};
use landspout_handler::Connection;
use landspout_web::sse::{Event, EventStream, SendError, SseConfig, last_event_id};
use landspout_web::{Body, Request};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A stream over a connection that the test can end, its first piece already read.
async fn open(config: &SseConfig) -> (EventStream, Body, Connection) {
    let connection = Connection::new(None, None, false);
    let mut request = Request::get("/");
    request.set_connection(connection.clone());
    let (events, response) = EventStream::open_with(&request, config);
    let mut body = response.into_body();
    assert_eq!(next(&mut body).await.as_deref(), Some("retry: 3000\n\n"));
    (events, body, connection)
}

async fn next(body: &mut Body) -> Option<String> {
    let piece = body.chunk().await.unwrap()?;
    Some(String::from_utf8(piece.into()).unwrap())
}

#[test]
fn the_response_says_what_it_is_and_the_first_piece_comes_at_once() {
    run(async {
        let (_events, response) = EventStream::open(&Request::get("/"));
        assert_eq!(header(&response, "content-type"), "text/event-stream");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "x-accel-buffering"), "no");
        let start = Instant::now();
        assert_eq!(next(&mut response.into_body()).await.as_deref(), Some("retry: 3000\n\n"));
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn events_come_in_order_and_the_end_comes_with_the_sender() {
    run(async {
        let (events, mut body, _) = open(&SseConfig::default()).await;
        events.send(Event::new("one")).await.unwrap();
        let encoded = Event::new("two").encode().unwrap();
        events.send_encoded(encoded).await.unwrap();
        drop(events);
        assert_eq!(next(&mut body).await.as_deref(), Some("data: one\n\ndata: two\n\n"));
        assert_eq!(next(&mut body).await, None);
    });
}

#[test]
fn events_that_wait_leave_in_one_piece_of_some_16_kib() {
    run(async {
        let (events, mut body, _) = open(&SseConfig::default().queue(100)).await;
        let event = Event::new("x".repeat(1000)).encode().unwrap();
        for _ in 0..20 {
            events.try_send_encoded(event.clone()).unwrap();
        }
        let len = event.as_str().len();
        assert_eq!(next(&mut body).await.unwrap().len(), 17 * len);
        assert_eq!(next(&mut body).await.unwrap().len(), 3 * len);
        // One that is large by itself goes alone, and is not copied.
        let large = Event::new("y".repeat(20_000)).encode().unwrap();
        events.try_send_encoded(large.clone()).unwrap();
        events.try_send_encoded(event).unwrap();
        let piece = body.chunk().await.unwrap().unwrap();
        assert_eq!(piece.as_ptr(), large.as_str().as_ptr());
        assert_eq!(next(&mut body).await.unwrap().len(), len);
    });
}

#[test]
fn an_event_that_cannot_be_written_is_refused_and_the_stream_goes_on() {
    run(async {
        let (events, mut body, _) = open(&SseConfig::default()).await;
        let error = events.send(Event::new("x").id("a\nb")).await.unwrap_err();
        assert!(matches!(error, SendError::Invalid(_)));
        events.send(Event::new("y")).await.unwrap();
        assert_eq!(next(&mut body).await.as_deref(), Some("data: y\n\n"));
    });
}

#[test]
fn silence_is_broken_by_a_comment() {
    run(async {
        let (events, mut body, _) = open(&SseConfig::default()).await;
        for _ in 0..2 {
            let start = Instant::now();
            assert_eq!(next(&mut body).await.as_deref(), Some(":\n\n"));
            assert_eq!(start.elapsed().as_secs(), 15);
        }
        // An event begins the silence anew.
        tokio::time::sleep(Duration::from_secs(10)).await;
        events.send(Event::new("x")).await.unwrap();
        next(&mut body).await;
        let start = Instant::now();
        assert_eq!(next(&mut body).await.as_deref(), Some(":\n\n"));
        assert_eq!(start.elapsed().as_secs(), 15);
    });
}

#[test]
fn a_keep_alive_of_zero_sends_nothing() {
    run(async {
        let config = SseConfig::default().keep_alive(Duration::ZERO);
        let (_events, mut body, _) = open(&config).await;
        assert!(timeout(Duration::from_secs(3600), next(&mut body)).await.is_err());
    });
}

#[test]
fn a_full_queue_makes_the_sender_wait() {
    run(async {
        let (events, mut body, _) = open(&SseConfig::default().queue(2)).await;
        events.send(Event::new("1")).await.unwrap();
        events.send(Event::new("2")).await.unwrap();
        let second = Duration::from_secs(1);
        assert!(timeout(second, events.send(Event::new("3"))).await.is_err());
        assert_eq!(events.try_send(&Event::new("3")), Err(SendError::Full));
        next(&mut body).await;
        timeout(second, events.send(Event::new("3"))).await.unwrap().unwrap();
    });
}

#[test]
fn it_ends_when_the_client_leaves() {
    run(async {
        let (events, mut body, connection) = open(&SseConfig::default()).await;
        events.send(Event::new("unread")).await.unwrap();
        connection.mark_closed();
        assert_eq!(next(&mut body).await, None);
        events.closed().await;
        assert_eq!(events.send(Event::new("x")).await, Err(SendError::Closed));
    });
}

#[test]
fn the_sender_learns_that_the_response_was_dropped() {
    run(async {
        let (events, body, _) = open(&SseConfig::default()).await;
        drop(body);
        events.closed().await;
        assert_eq!(events.send(Event::new("x")).await, Err(SendError::Closed));
        assert_eq!(events.try_send(&Event::new("x")), Err(SendError::Closed));
        let broken = events.try_send(&Event::new("x").event("a\nb"));
        assert!(matches!(broken, Err(SendError::Invalid(_))));
    });
}

#[test]
fn it_ends_when_the_server_stops_after_what_was_sent_before() {
    run(async {
        let (events, mut body, connection) = open(&SseConfig::default()).await;
        events.send(Event::new("sent")).await.unwrap();
        connection.mark_draining();
        assert_eq!(next(&mut body).await.as_deref(), Some("data: sent\n\n"));
        let last = next(&mut body).await.unwrap();
        let retry = last.strip_prefix("retry: ").unwrap().trim_end().parse::<u32>().unwrap();
        assert!((3000..=6000).contains(&retry), "{retry}");
        assert_eq!(next(&mut body).await, None);
        assert_eq!(events.send(Event::new("x")).await, Err(SendError::Closed));
    });
}

#[test]
fn a_stream_that_waits_is_woken_by_the_end() {
    run(async {
        let (_events, mut body, connection) = open(&SseConfig::default()).await;
        let start = Instant::now();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            connection.mark_draining();
        };
        let (last, ()) = tokio::join!(next(&mut body), stop);
        assert!(last.unwrap().starts_with("retry: "));
        assert_eq!(start.elapsed().as_secs(), 1);
    });
}

#[test]
fn the_last_event_id_is_of_the_header_or_the_query() {
    let request = Request::get("/?last_event_id=a%20b");
    assert_eq!(last_event_id(&request).as_deref(), Some("a b"));
    let id = http::HeaderValue::from_bytes("é7".as_bytes()).unwrap();
    let request = request.with_header("last-event-id".parse().unwrap(), id);
    assert_eq!(last_event_id(&request).as_deref(), Some("é7"));
    assert_eq!(last_event_id(&Request::get("/")), None);
}

#[test]
fn settings_are_read_in_seconds() {
    let config: SseConfig = serde_json::from_str(r#"{"keep_alive": 0.5, "queue": 3}"#).unwrap();
    assert_eq!(config, SseConfig::default().keep_alive(Duration::from_millis(500)).queue(3));
    assert!(serde_json::from_str::<SseConfig>(r#"{"keepalive": 1}"#).is_err());
    assert!(serde_json::from_str::<SseConfig>(r#"{"retry": -1}"#).is_err());
}

#[test]
fn the_longest_times_are_never() {
    run(async {
        let config = SseConfig::default().keep_alive(Duration::MAX);
        let (events, mut body, connection) = open(&config).await;
        events.send(Event::new("one")).await.unwrap();
        assert_eq!(next(&mut body).await.as_deref(), Some("data: one\n\n"));
        let hour = Duration::from_secs(3600);
        assert!(timeout(hour, next(&mut body)).await.is_err());
        connection.mark_draining();
        assert!(next(&mut body).await.unwrap().starts_with("retry: "));

        let connection = Connection::new(None, None, false);
        let mut request = Request::get("/");
        request.set_connection(connection.clone());
        let config = SseConfig::default().retry(Duration::MAX);
        let (_events, response) = EventStream::open_with(&request, &config);
        let mut body = response.into_body();
        let opening = next(&mut body).await.unwrap();
        connection.mark_draining();
        assert!(next(&mut body).await.unwrap().len() >= opening.len());
    });
}

#[test]
fn a_client_that_never_reads_costs_no_more_than_its_queue() {
    run(async {
        let connection = Connection::new(None, None, false);
        let mut request = Request::get("/");
        request.set_connection(connection.clone());
        let (events, response) = EventStream::open_with(&request, &SseConfig::default().queue(3));
        let minute = Duration::from_secs(60);
        for _ in 0..3 {
            events.send(Event::new("x")).await.unwrap();
        }
        assert!(timeout(minute, events.send(Event::new("x"))).await.is_err());
        let waiting = tokio::task::spawn_local(async move { events.send(Event::new("x")).await });
        drop(response);
        assert_eq!(waiting.await.unwrap(), Err(SendError::Closed));
    });
}
