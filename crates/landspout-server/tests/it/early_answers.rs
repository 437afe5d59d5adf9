//! Answers that are there before the request is.

use crate::wire::{serve, serve_with, within};
use landspout_server::{Error, Request, ServerConfig};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

async fn read_all(request: Request) -> Result<String, Error> {
    Ok(request.into_body().bytes().await?.len().to_string())
}

async fn read_nothing(_: Request) -> Error {
    Error::new(401, "who are you?")
}

static PIECE: [u8; 1 << 20] = [b'x'; 1 << 20];

#[tokio::test(flavor = "local")]
async fn an_upload_that_is_too_large_reads_its_413() {
    for framing in
        ["Content-Length: 52428800\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3200000\r\n"]
    {
        let site = serve_with(ServerConfig::default().body_bytes(100_000), read_all);
        let mut client = site.connect().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}")).await;
        // It reads nothing until it has sent everything, as many clients do.
        for _ in 0..50 {
            client.send(&PIECE).await;
        }
        let answer = client.answer().await;
        assert_eq!(answer.status(), 413, "{framing}");
        assert_eq!(answer.body, "the body is longer than 100000 bytes");
        assert!(!client.is_reset().await);
    }
}

#[tokio::test(flavor = "local")]
async fn an_upload_that_nobody_wants_reads_its_answer() {
    let site = serve(read_nothing);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20971520\r\n\r\n").await;
    for _ in 0..20 {
        client.send(&PIECE).await;
    }
    let answer = client.answer().await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.header("connection"), Some("close"), "the client may know");
}

#[tokio::test(flavor = "local")]
async fn a_small_unread_body_does_not_cost_the_connection() {
    let site = serve(read_nothing);
    let mut client = site.connect().await;
    for _ in 0..3 {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").await;
        let answer = client.answer().await;
        assert_eq!((answer.status(), answer.header("connection")), (401, None));
    }
}

#[tokio::test(flavor = "local")]
async fn lingering_has_a_limit_of_bytes() {
    let site = serve_with(ServerConfig::default().linger_bytes(1 << 20), read_nothing);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n").await;
    assert!(client.sends_until_refused(&PIECE).await < 64, "the server reads without end");
}

#[tokio::test(flavor = "local")]
async fn lingering_has_a_limit_of_time() {
    for limit in [Duration::ZERO, Duration::from_millis(100)] {
        let site = serve_with(ServerConfig::default().linger_timeout(limit), read_nothing);
        let mut client = site.connect().await;
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), 401);
        within(async {
            while client.stream.write_all(b"more").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "local")]
async fn a_client_is_told_to_continue_when_the_body_is_read() {
    let site = serve(read_all);
    let mut client = site.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc").await;
    assert_eq!(client.answer().await.body, "3");
}

#[tokio::test(flavor = "local")]
async fn a_client_is_not_told_to_continue_in_vain() {
    let request =
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n";
    let mut client = serve(read_nothing).connect().await;
    client.send(request).await;
    assert_eq!(client.answer().await.status(), 401);

    let site = serve_with(ServerConfig::default().body_bytes(100_000), read_all);
    let mut client = site.connect().await;
    client.send(request).await;
    assert_eq!(client.answer().await.status(), 413);
}

/// Told the status instead of to continue, a client may keep its body to itself and go on with the
/// next request, or send the body after all. Nobody can tell which of the two a byte belongs to.
#[tokio::test(flavor = "local")]
async fn an_expected_body_that_nobody_asked_for_costs_the_connection() {
    let mut client = serve(read_nothing).connect().await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    client.send(format!("{head}GET /next HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.header("connection")), (401, Some("close")));
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn http_1_0_is_not_told_to_continue() {
    let mut client = serve(read_all).connect().await;
    client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc").await;
    assert_eq!(client.answer().await.body, "3");
}
