//! Clients that are too slow.

use crate::wire::{serve, serve_with, within};
use landspout_server::{Body, Error, Request, Response, ServerConfig};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Twice the tick, so that most of the wait is not rounding.
const SHORT: Duration = Duration::from_millis(200);

async fn read_all(request: Request) -> Result<String, Error> {
    Ok(request.into_body().text().await?)
}

#[tokio::test(flavor = "local")]
async fn a_silent_new_connection_is_closed_without_a_word() {
    let site = serve_with(ServerConfig::default().header_timeout(SHORT), read_all);
    let started = Instant::now();
    assert_eq!(site.connect().await.rest().await, "");
    let waited = started.elapsed();
    assert!(waited >= SHORT && waited < Duration::from_secs(5), "{waited:?}");
}

#[tokio::test(flavor = "local")]
async fn a_head_that_takes_too_long_is_answered_408() {
    let site = serve_with(ServerConfig::default().header_timeout(SHORT), read_all);
    let mut client = site.connect().await;
    let started = Instant::now();
    // Each byte comes in time, the head does not.
    let dripping = async {
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')) {
            if started.elapsed() > Duration::from_secs(2) {
                break;
            }
            client.send([byte]).await;
            sleep(Duration::from_millis(5)).await;
            if client.has_answer() {
                break;
            }
        }
        client.rest().await
    };
    let all = within(dripping).await;
    assert!(all.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{all}");
    let waited = started.elapsed();
    assert!(waited >= SHORT && waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test(flavor = "local")]
async fn an_idle_connection_is_closed() {
    let config = ServerConfig::default().idle_timeout(SHORT);
    let site = serve_with(config, read_all);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200);
    let started = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(started.elapsed() >= SHORT - Duration::from_millis(10));
}

#[tokio::test(flavor = "local")]
async fn a_body_that_stops_coming_is_answered_408() {
    let site = serve_with(ServerConfig::default().body_timeout(SHORT), read_all);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), &*answer.body), (408, "the body did not arrive in time"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn a_body_that_keeps_coming_may_take_longer_than_the_limit() {
    let site = serve_with(ServerConfig::default().body_timeout(SHORT), read_all);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").await;
    for byte in "ninebytes".bytes() {
        sleep(SHORT / 4).await;
        client.send([byte]).await;
    }
    assert_eq!(client.answer().await.body, "ninebytes");
}

#[tokio::test(flavor = "local")]
async fn a_handler_may_take_longer_than_any_limit() {
    let config = ServerConfig::default()
        .idle_timeout(SHORT)
        .header_timeout(SHORT)
        .body_timeout(SHORT)
        .write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| {
        sleep(SHORT * 4).await;
        "at last"
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "at last");
}

#[tokio::test(flavor = "local")]
async fn a_client_that_does_not_read_is_reset() {
    let config = ServerConfig::default().write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| vec![b'x'; 64 << 20]);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(SHORT * 4).await;
    assert!(client.is_reset().await);
}

#[tokio::test(flavor = "local")]
async fn a_client_that_reads_slowly_gets_everything() {
    let config = ServerConfig::default().write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| vec![b'x'; 16 << 20]);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    client.head().await;
    let mut left: usize = 16 << 20;
    while left > 0 {
        let len = left.min(2 << 20);
        client.take(len).await;
        left -= len;
        sleep(SHORT / 4).await;
    }
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn a_stream_with_nothing_to_say_is_left_alone() {
    let config = ServerConfig::default().idle_timeout(SHORT).write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| {
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            writer.write("one").await.unwrap();
            sleep(SHORT * 4).await;
            writer.write("two").await.unwrap();
            writer.finish().await.unwrap();
        });
        Response::new(body)
    });
    let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(all.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{all}");
}

#[tokio::test(flavor = "local")]
async fn zero_is_no_deadline() {
    let none = Duration::ZERO;
    let config = ServerConfig::default().idle_timeout(none).header_timeout(none);
    let site = serve_with(config, read_all);
    let mut client = site.connect().await;
    sleep(SHORT * 2).await;
    client.send("GET / HTTP/1.1\r\n").await;
    sleep(SHORT * 2).await;
    client.send("Host: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200);
    assert!(serve(read_all).is_alive().await);
}
