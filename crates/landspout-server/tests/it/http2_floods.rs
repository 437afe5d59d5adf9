//! What a client of HTTP/2 could flood a server with.

use crate::http2_wire::{Frames, GET, H2, block, frame, headers};
use crate::wire::{serve, serve_with, within};
use http::Request;
use landspout_server::{Http2Config, Refusal, ServerConfig};
use std::cell::Cell;
use std::rc::Rc;
use tokio::io::AsyncWriteExt;

type Asked = landspout_server::Request;

const ENHANCE_YOUR_CALM: u32 = 11;

async fn fine(_: Asked) -> &'static str {
    "fine"
}

/// CVE-2023-44487.
#[tokio::test(flavor = "local")]
async fn rapid_resets_end_the_connection() {
    let begun = Rc::new(Cell::new(0));
    let site = serve({
        let begun = begun.clone();
        move |_: Asked| {
            begun.set(begun.get() + 1);
            std::future::pending::<&'static str>()
        }
    });
    let mut frames = Frames::connect(&site).await;
    for stream in 0..5000 {
        let mut both = headers(2 * stream + 1, &GET);
        both.extend(frame(3, 0, 2 * stream + 1, &8_u32.to_be_bytes()));
        if !frames.send(&both).await {
            break;
        }
    }
    frames.goaway().await;
    assert!(begun.get() <= 300, "{} handlers began", begun.get());
    assert!(site.is_alive_on_http2().await);
}

#[tokio::test(flavor = "local")]
async fn too_many_resets_before_they_are_looked_at_are_told_to_calm_down() {
    let site = serve(fine);
    let mut frames = Frames::connect(&site).await;
    let mut burst = Vec::new();
    for stream in 0..200 {
        burst.extend(headers(2 * stream + 1, &GET));
        burst.extend(frame(3, 0, 2 * stream + 1, &8_u32.to_be_bytes()));
    }
    frames.send(&burst).await;
    assert_eq!(frames.goaway().await, Some(ENHANCE_YOUR_CALM));
}

/// CVE-2024-28182 and its siblings.
#[tokio::test(flavor = "local")]
async fn a_head_that_goes_on_and_on_ends_the_connection() {
    let site = serve(fine);
    for piece in [block(&[("x-filler", "y")]), Vec::new()] {
        let mut frames = Frames::connect(&site).await;
        frames.send(&frame(1, 0x1, 1, &block(&GET))).await;
        let burst = frame(9, 0, 1, &piece).repeat(1000);
        for _ in 0..20 {
            frames.send(&burst).await;
        }
        let code = frames.goaway().await;
        assert!(matches!(code, Some(ENHANCE_YOUR_CALM | 1)), "{code:?}");
    }
    assert!(site.is_alive_on_http2().await);
}

#[tokio::test(flavor = "local")]
async fn a_head_over_the_limit_is_431() {
    let site = serve_with(ServerConfig::default().header_bytes(2000), fine);
    let mut client = H2::connect(&site).await;
    client.get("http://a/").await;
    // From twice as much on it is the library that answers.
    for len in [1950, 3000, 5000] {
        let request = Request::get("http://a/").header("x-long", "y".repeat(len)).body(()).unwrap();
        assert_eq!(client.ask(request).await.unwrap().status(), 431, "{len}");
    }
    assert_eq!(site.refusals.count(Refusal::HeaderTooLarge), 2);
    assert_eq!(client.get("http://a/").await.status(), 200);
}

#[tokio::test(flavor = "local")]
async fn too_many_headers_are_431() {
    let site = serve_with(ServerConfig::default().header_count(20), fine);
    let mut client = H2::connect(&site).await;
    let mut request = Request::get("http://a/").body(()).unwrap();
    for number in 0..21 {
        let name: http::HeaderName = format!("x-{number}").parse().unwrap();
        request.headers_mut().insert(name, "1".parse().unwrap());
    }
    assert_eq!(client.ask(request).await.unwrap().status(), 431);
}

/// CVE-2019-9512, CVE-2019-9515, and others that cost their client nothing.
#[tokio::test(flavor = "local")]
async fn frames_of_no_use_end_the_connection() {
    let site = serve(fine);
    for (name, useless) in [
        ("PING", frame(6, 0, 0, &[0; 8])),
        ("SETTINGS", frame(4, 0, 0, &[])),
        ("PRIORITY", frame(2, 0, 3, &[0, 0, 0, 0, 1])),
        ("WINDOW_UPDATE", frame(8, 0, 0, &0_u32.saturating_add(1).to_be_bytes())),
        ("unknown", frame(0xbe, 0, 0, &[])),
    ] {
        let mut frames = Frames::connect(&site).await;
        frames.send(&headers(1, &GET)).await;
        let burst = useless.repeat(1000);
        let (mut sent, (mut reading, mut writing)) = (0, frames.0.into_split());
        let ended = tokio::task::spawn_local(async move {
            tokio::io::copy(&mut reading, &mut tokio::io::sink()).await
        });
        while sent < 1000 && within(writing.write_all(&burst)).await.is_ok() {
            sent += 1;
        }
        assert!(within(ended).await.is_ok(), "{sent}000 {name} frames were taken");
    }
    assert!(site.is_alive_on_http2().await);
}

#[tokio::test(flavor = "local")]
async fn small_pieces_of_a_body_are_bounded() {
    let site = serve(async |_: Asked| std::future::pending::<&'static str>().await);
    let mut frames = Frames::connect(&site).await;
    let mut post = GET.to_vec();
    post[0].1 = "POST";
    frames.send(&frame(1, 0x4, 1, &block(&post))).await;
    let burst = frame(0, 0, 1, b"").repeat(1000);
    for _ in 0..100 {
        frames.send(&burst).await;
    }
    let code = frames.goaway().await;
    assert_eq!(code, Some(ENHANCE_YOUR_CALM));
}

#[tokio::test(flavor = "local")]
async fn more_streams_than_allowed_are_refused() {
    let limits = Http2Config::default().max_streams(2);
    let config = ServerConfig::default().http2(limits);
    let site = serve_with(config, async |_: Asked| std::future::pending::<&'static str>().await);
    let mut frames = Frames::connect(&site).await;
    for stream in [1, 3, 5] {
        frames.send(&headers(stream, &GET)).await;
    }
    let refused = loop {
        let (kind, _, stream, payload) = frames.next().await.unwrap();
        if kind == 3 {
            break (stream, payload);
        }
    };
    // REFUSED_STREAM: it was not looked at, and may be sent again.
    assert_eq!(refused, (5, vec![0, 0, 0, 7]));
    assert_eq!(site.refusals.count(Refusal::TooManyStreams), 1);
}

#[tokio::test(flavor = "local")]
async fn the_window_bounds_what_is_held_for_a_handler_that_does_not_read() {
    let limits = Http2Config::default().stream_window(70_000).connection_window(100_000);
    let config = ServerConfig::default().http2(limits);
    let site = serve_with(config, async |request: Asked| {
        std::future::pending::<()>().await;
        drop(request);
        "never"
    });
    let mut client = H2::connect(&site).await;
    client.ready().await;
    let (_answer, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    body.reserve_capacity(1 << 20);
    while body.capacity() < 70_000 {
        within(std::future::poll_fn(|cx| body.poll_capacity(cx))).await.unwrap().unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(body.capacity(), 70_000, "it does not grow further");
}
