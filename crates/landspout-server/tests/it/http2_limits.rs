//! The limits of every connection, over HTTP/2.

use crate::http2_wire::{Frames, GET, H2, headers, read};
use crate::wire::{serve, serve_with, within};
use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, TRANSFER_ENCODING, UPGRADE};
use landspout_server::{Body, Http2Config, Refusal, Response, ServerConfig};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;

type Asked = landspout_server::Request;

async fn fine(_: Asked) -> &'static str {
    "fine"
}

fn get(uri: &str) -> Request<()> {
    Request::get(uri).body(()).unwrap()
}

#[tokio::test(flavor = "local")]
async fn a_connection_ends_in_order_after_its_last_request() {
    let site = serve_with(ServerConfig::default().connection_requests(3), fine);
    let mut client = H2::connect(&site).await;
    for _ in 0..3 {
        assert_eq!(client.get("http://a/").await.body, "fine");
    }
    within(client.ending).await.unwrap().unwrap();
    assert_eq!(site.stop().await.cut, 0);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn an_old_connection_ends_in_order() {
    let config = ServerConfig::default().connection_age(Duration::from_secs(3));
    let site = serve_with(config, fine);
    let mut client = H2::connect(&site).await;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(20) && !client.ending.is_finished() {
        assert_eq!(client.get("http://a/").await.body, "fine");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let age = begun.elapsed().as_secs();
    assert!((3..=5).contains(&age), "{age}");
    within(client.ending).await.unwrap().unwrap();
}

#[tokio::test(flavor = "local")]
async fn a_request_too_many_is_answered_503() {
    let go = Rc::new(Notify::new());
    let site = serve_with(ServerConfig::default().max_requests(2), {
        let go = go.clone();
        move |_: Asked| {
            let go = go.clone();
            async move {
                go.notified().await;
                "fine"
            }
        }
    });
    let mut client = H2::connect(&site).await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(client.ready().await.send_request(get("http://a/"), true).unwrap().0);
    }
    let refused = client.get("http://a/").await;
    assert_eq!((refused.status().as_u16(), refused.body.as_str()), (503, "the server is too busy"));
    assert_eq!(refused.head.headers()["retry-after"], "5");
    assert_eq!(site.refusals.count(Refusal::InFlight), 1);
    for answer in waiting {
        go.notify_one();
        assert_eq!(read(answer).await.unwrap().body, "fine");
    }
    go.notify_one();
    assert_eq!(client.get("http://a/").await.body, "fine", "there is room again");
}

#[tokio::test(flavor = "local")]
async fn another_host_is_421() {
    let site = serve_with(ServerConfig::default().hosts(vec!["a".to_owned()]), fine);
    let mut client = H2::connect(&site).await;
    assert_eq!(client.get("http://b/").await.status(), 421);
    assert_eq!(client.get("http://a:80/").await.status(), 200);
    assert_eq!(site.refusals.count(Refusal::Misdirected), 1);
}

#[tokio::test(flavor = "local")]
async fn a_long_target_is_414_and_a_long_method_501() {
    let site = serve_with(ServerConfig::default().uri_bytes(20).method_bytes(5), fine);
    let mut client = H2::connect(&site).await;
    assert_eq!(client.get(&format!("http://a/{}", "x".repeat(20))).await.status(), 414);
    let request = Request::builder().method("MERGED").uri("http://a/").body(()).unwrap();
    assert_eq!(client.ask(request).await.unwrap().status(), 501);
    assert_eq!(client.get("http://a/").await.status(), 200);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_that_takes_too_long_is_answered_for_alone() {
    let config = ServerConfig::default().handler_timeout(Duration::from_secs(2));
    let site = serve_with(config, async |request: Asked| match request.uri().path() {
        "/slow" => pending().await,
        _ => "fine",
    });
    let mut client = H2::connect(&site).await;
    let (slow, _) = client.ready().await.send_request(get("http://a/slow"), true).unwrap();
    assert_eq!(client.get("http://a/").await.status(), 200);
    assert_eq!(read(slow).await.unwrap().status(), 503);
    assert_eq!(client.get("http://a/").await.status(), 200);
    assert_eq!(site.refusals.count(Refusal::HandlerTimeout), 1);
}

#[tokio::test(flavor = "local")]
async fn what_an_answer_says_of_its_connection_is_left_out() {
    let site = serve(async |_: Asked| {
        let mut response = Response::text("fine");
        for (name, value) in [
            (CONNECTION, "close, x-hop"),
            (TRANSFER_ENCODING, "chunked"),
            (UPGRADE, "websocket"),
            (http::HeaderName::from_static("keep-alive"), "timeout=5"),
            (http::HeaderName::from_static("x-hop"), "1"),
        ] {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    });
    let mut client = H2::connect(&site).await;
    let answer = client.get("http://a/").await;
    for name in ["connection", "transfer-encoding", "upgrade", "keep-alive", "x-hop"] {
        assert!(!answer.head.headers().contains_key(name), "{name}");
    }
    assert_eq!(answer.body, "fine");
}

#[tokio::test(flavor = "local")]
async fn a_body_of_another_length_than_announced_is_reset() {
    let site = serve(async |request: Asked| {
        let pieces = match request.uri().path() {
            "/short" => vec!["fou"],
            "/long" => vec!["four", "!"],
            _ => vec!["fo", "ur"],
        };
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            for piece in pieces {
                writer.write(piece).await?;
            }
            writer.finish().await
        });
        let mut response = Response::new(body);
        response.headers_mut().insert("content-length", 4.into());
        response
    });
    // By hand, because a client that counts would hide what the server does.
    for (path, ends_well) in [("/", true), ("/short", false), ("/long", false)] {
        let mut frames = Frames::connect(&site).await;
        let mut head = GET;
        head[2].1 = path;
        frames.send(&headers(1, &head)).await;
        let ended = loop {
            match frames.next().await.unwrap() {
                (0, flags, 1, _) if flags & 1 == 1 => break true,
                (3, _, 1, _) => break false,
                _ => {}
            }
        };
        assert_eq!(ended, ends_well, "{path}");
    }
}

#[tokio::test(flavor = "local")]
async fn uploads_that_wait_for_their_handlers_are_no_flood() {
    let (go, len) = (Rc::new(Notify::new()), 2 << 20);
    let limits = Http2Config::default().stream_window(4 << 20).connection_window(4 << 20);
    let site = serve_with(ServerConfig::default().http2(limits), {
        let go = go.clone();
        move |request: Asked| {
            let go = go.clone();
            async move {
                go.notified().await;
                request.into_body().bytes().await.unwrap().len().to_string()
            }
        }
    });
    let mut client = H2::connect(&site).await;
    let (answer, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    let mut left = len;
    while left > 0 {
        body.reserve_capacity(left);
        let room = within(std::future::poll_fn(|cx| body.poll_capacity(cx))).await;
        let room = room.unwrap().unwrap().min(left);
        left -= room;
        body.send_data(Bytes::from(vec![b'x'; room]), left == 0).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    go.notify_one();
    assert_eq!(read(answer).await.unwrap().body, len.to_string());
}

#[tokio::test(flavor = "local")]
async fn whatever_is_configured_serves() {
    let mut limits = Http2Config::default();
    limits.ping_interval = Duration::MAX;
    limits.ping_timeout = Duration::MAX;
    limits.max_streams = u32::MAX;
    limits.max_pending_resets = usize::MAX;
    limits.max_error_resets = usize::MAX;
    limits.stream_window = u32::MAX;
    limits.connection_window = u32::MAX;
    limits.frame_bytes = u32::MAX;
    limits.send_buffer = usize::MAX;
    for limits in [limits.clone(), limits.ping_interval(Duration::ZERO)] {
        let site = serve_with(ServerConfig::default().http2(limits), fine);
        let mut client = H2::connect(&site).await;
        assert_eq!(client.get("http://a/").await.body, "fine");
        assert_eq!(site.stop().await.cut, 0);
    }
}
