//! Streams of HTTP/2 whose clients do not take their answers.

use crate::http2_wire::{Frames, GET, frame, headers};
use crate::log::Log;
use crate::wire::{Site, serve_with};
use landspout_server::{Body, Error, Refusal, Response, ServerConfig};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

type Asked = landspout_server::Request;

const CANCEL: u32 = 8;

/// Answers of the length that is the path.
async fn answer(request: Asked) -> Result<Response, Error> {
    let path = request.uri().path();
    if let Some(len) = path.strip_prefix("/streamed/") {
        let (len, (mut writer, body)) = (len.parse()?, Body::writer());
        tokio::task::spawn_local(async move {
            writer.write("x".repeat(len)).await?;
            writer.finish().await
        });
        return Ok(Response::new(body));
    }
    if path == "/kept" {
        // Somebody goes on reading the request after the answer.
        tokio::task::spawn_local(request.into_body().bytes());
        return Ok(Response::text("x".repeat(200_000)));
    }
    if path == "/paused" {
        let mut body = request.into_body();
        let limit = Duration::from_millis(500);
        let first = tokio::time::timeout(limit, body.chunk()).await;
        assert!(first.is_err(), "it comes while nobody reads");
        tokio::time::sleep(Duration::from_secs(60)).await;
        return Ok(Response::text(body.text().await?));
    }
    Ok(Response::text("x".repeat(path[1..].parse()?)))
}

fn site() -> Site {
    serve_with(ServerConfig::default().write_timeout(Duration::from_secs(3)), answer)
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    let mut head = GET;
    head[2].1 = path;
    headers(stream, &head)
}

/// A connection whose streams have `window` bytes of room, and which has plenty itself.
async fn connect(site: &Site, window: u32) -> Frames {
    let mut frames = Frames::connect(site).await;
    frames.send(&frame(4, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat())).await;
    frames.send(&frame(8, 0, 0, &(16_u32 << 20).to_be_bytes())).await;
    frames
}

/// Asks on other streams until the first one is reset: the code, and after how long.
async fn reset_beside_others(mut frames: Frames) -> (u32, f64) {
    let begun = tokio::time::Instant::now();
    for stream in (3..).step_by(2) {
        frames.send(&get(stream, "/5")).await;
        loop {
            match frames.next().await.expect("the connection goes on") {
                (3, _, 1, code) => {
                    let code = u32::from_be_bytes(code.try_into().unwrap());
                    return (code, begun.elapsed().as_secs_f64());
                }
                (0, flags, id, _) if id == stream && flags & 1 == 1 => break,
                _ => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    unreachable!("there are always other streams");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_that_is_not_taken_is_reset_alone() {
    // No room at all would hold up the others too.
    for (window, path) in
        [(5, "/200000"), (30_000, "/200000"), (65_535, "/65536"), (5, "/streamed/40000")]
    {
        let (log, _guard) = Log::install();
        let site = site();
        let mut frames = connect(&site, window).await;
        frames.send(&get(1, path)).await;
        let (code, after) = reset_beside_others(frames).await;
        assert_eq!(code, CANCEL, "{window} {path}");
        assert!((3.0..3.5).contains(&after), "{after} for {window} {path}");
        assert_eq!(site.refusals.count(Refusal::WriteTimeout), 1, "{window} {path}");
        let lines = log.lines("refused: ");
        assert!(lines.len() == 1 && lines[0].contains("did not take"), "{lines:?}");
        assert_eq!(site.stop().await.cut, 0);
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_without_any_room_is_reset() {
    let site = site();
    let mut frames = connect(&site, 0).await;
    frames.send(&get(1, "/100")).await;
    let code = loop {
        match frames.next().await.unwrap() {
            (3, _, 1, code) => break code,
            (kind, ..) => assert_ne!(kind, 0),
        }
    };
    assert_eq!(code, CANCEL.to_be_bytes());
    // The next one has its own time.
    frames.send(&get(3, "/0")).await;
    assert!(matches!(frames.next().await.unwrap(), (1, 5, 3, _)));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_whose_request_is_still_read_is_reset_too() {
    let site = site();
    let mut frames = connect(&site, 30_000).await;
    let mut head = GET;
    (head[0].1, head[2].1) = ("POST", "/kept");
    frames.send(&frame(1, 0x4, 1, &crate::http2_wire::block(&head))).await;
    assert_eq!(reset_beside_others(frames).await.0, CANCEL);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_connection_ends_where_a_short_answer_is_stuck() {
    let site = site();
    let mut frames = connect(&site, 5).await;
    frames.send(&get(1, "/100")).await;
    while frames.next().await.is_some() {}
    assert_eq!(site.refusals.count(Refusal::WriteTimeout), 1);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_that_is_sipped_is_reset_alone() {
    let config = ServerConfig::default().write_rate(1000).rate_grace(Duration::from_secs(5));
    let site = serve_with(config, answer);
    let mut frames = connect(&site, 1000).await;
    frames.send(&get(1, "/200000")).await;
    let begun = tokio::time::Instant::now();
    let code = loop {
        match frames.next().await.unwrap() {
            (3, _, 1, code) => break code,
            (0, _, 1, _) => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                frames.send(&frame(8, 0, 1, &100_u32.to_be_bytes())).await;
            }
            _ => {}
        }
    };
    assert_eq!(code, CANCEL.to_be_bytes());
    assert!((5..7).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    frames.send(&get(3, "/5")).await;
    while frames.next().await.unwrap().0 != 0 {}
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_came_while_nobody_read_is_not_late() {
    let site = serve_with(ServerConfig::default().body_timeout(Duration::from_secs(3)), answer);
    let mut frames = Frames::connect(&site).await;
    let mut head = GET;
    (head[0].1, head[2].1) = ("POST", "/paused");
    frames.send(&frame(1, 0x4, 1, &crate::http2_wire::block(&head))).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    frames.send(&frame(0, 0, 1, b"one ")).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    frames.send(&frame(0, 1, 1, b"two")).await;
    let body = loop {
        if let (0, _, 1, body) = frames.next().await.unwrap() {
            break body;
        }
    };
    assert_eq!(String::from_utf8(body).unwrap(), "one two");
    assert_eq!(site.refusals.count(Refusal::BodyTimeout), 0);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_connection_that_takes_nothing_leaves_its_handlers_to_finish() {
    let finished = Rc::new(Cell::new(false));
    let finishes = finished.clone();
    let config = ServerConfig::default().write_timeout(Duration::from_secs(3));
    let site = serve_with(config, move |request: Asked| {
        let finishes = finishes.clone();
        async move {
            if request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(20)).await;
                finishes.set(true);
            }
            "x".repeat(32 << 20)
        }
    });
    let mut frames = connect(&site, 1 << 30).await;
    frames.send(&frame(8, 0, 0, &(1_u32 << 30).to_be_bytes())).await;
    frames.send(&get(1, "/slow")).await;
    frames.send(&get(3, "/much")).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(site.refusals.count(Refusal::WriteTimeout) > 0);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(finished.get());
    assert_eq!(site.stop().await.cut, 0);
}
