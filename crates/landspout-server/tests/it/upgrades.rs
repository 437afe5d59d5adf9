//! Connections that are handed over.

use crate::wire::{Client, Site, serve, serve_with, within};
use landspout_server::{Request, Response, ServerConfig};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

fn switching() -> Response {
    Response::empty(101)
        .with_header(http::header::CONNECTION, "upgrade".parse().unwrap())
        .with_header(http::header::UPGRADE, "echo".parse().unwrap())
}

/// Echoes until the client ends, or until the server stops.
async fn echo(mut request: Request) -> Response {
    let Some(upgrade) = request.take_upgrade() else { return Response::text("no right") };
    let connection = request.connection().clone();
    tokio::task::spawn_local(async move {
        let mut io = upgrade.await.unwrap();
        let mut piece = [0; 1024];
        loop {
            let len = tokio::select! {
                read = io.read(&mut piece) => read.unwrap(),
                () = connection.draining() => 0,
            };
            if len == 0 {
                break io.write_all(b"bye").await.unwrap();
            }
            io.write_all(&piece[..len]).await.unwrap();
        }
    });
    switching()
}

async fn upgraded(site: &Site, first: &str) -> Client {
    let mut client = site.connect().await;
    client.send(format!("{REQUEST}{first}")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("upgrade: echo\r\n"), "{head}");
    client
}

#[tokio::test(flavor = "local")]
async fn an_upgraded_connection_is_a_stream_both_ways() {
    let site = serve(echo);
    let mut client = upgraded(&site, "").await;
    client.send("one").await;
    assert_eq!(client.take(3).await, "one");
    client.send("two").await;
    assert_eq!(client.take(3).await, "two");
    client.finish().await;
    assert_eq!(client.rest().await, "bye");
}

#[tokio::test(flavor = "local")]
async fn a_101_behind_an_answer_that_is_not_read_yet_is_not_lost() {
    const LARGE: usize = 16 << 20;
    let site = serve(async |request: Request| match request.uri().path() {
        "/large" => Response::text("x".repeat(LARGE)),
        _ => echo(request).await,
    });
    let mut client = site.connect().await;
    client.send(format!("GET /large HTTP/1.1\r\nHost: a\r\n\r\n{REQUEST}one")).await;
    // So that the server has no room for the 101.
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.head().await;
    client.take(LARGE).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert_eq!(client.take(3).await, "one");
}

#[tokio::test(flavor = "local")]
async fn bytes_that_came_with_the_request_are_not_lost() {
    let site = serve(echo);
    let mut client = upgraded(&site, "early").await;
    assert_eq!(client.take(5).await, "early");
}

#[tokio::test(flavor = "local")]
async fn an_upgrade_comes_after_ordinary_requests() {
    let site = serve(async |request: Request| match request.uri().path() {
        "/plain" => Response::text("plain"),
        _ => echo(request).await,
    });
    let mut client = site.connect().await;
    client.send(format!("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n{REQUEST}more")).await;
    assert_eq!(client.answer().await.body, "plain");
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(client.take(4).await, "more");
}

#[tokio::test(flavor = "local")]
async fn a_handler_may_decline_and_the_connection_goes_on() {
    let site = serve(async |mut request: Request| {
        drop(request.take_upgrade());
        "no"
    });
    let mut client = site.connect().await;
    client.send(REQUEST.repeat(2)).await;
    assert_eq!(client.answer().await.body, "no");
    assert_eq!(client.answer().await.body, "no");
}

#[tokio::test(flavor = "local")]
async fn only_http_1_1_without_a_body_has_the_right() {
    for request in [
        "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx",
    ] {
        let mut client = serve(echo).connect().await;
        client.send(request).await;
        assert_eq!(client.answer().await.body, "no right", "{request}");
    }
}

#[tokio::test(flavor = "local")]
async fn a_101_without_the_right_taken_is_a_500() {
    for request in [REQUEST, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = serve(async |_: Request| switching()).connect().await;
        client.send(request).await;
        assert_eq!(client.answer().await.status(), 500);
    }
}

#[tokio::test(flavor = "local")]
async fn a_connection_whose_right_is_dropped_after_the_101_is_closed() {
    let site = serve(async |mut request: Request| {
        let upgrade = request.take_upgrade();
        tokio::task::spawn_local(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(upgrade);
        });
        switching()
    });
    let mut client = upgraded(&site, "").await;
    client.finish().await;
    client.rest().await;
    assert_eq!(site.stop().await.cut, 0, "nothing of it is left");
}

#[tokio::test(flavor = "local")]
async fn a_drain_tells_upgraded_connections_and_waits_for_them() {
    let site = serve(echo);
    let mut client = upgraded(&site, "").await;
    let stopping = tokio::task::spawn_local(site.stop());
    assert_eq!(client.rest().await, "bye");
    let report = within(stopping).await.unwrap();
    assert_eq!((report.finished, report.cut), (1, 0));
}

#[tokio::test(flavor = "local")]
async fn a_connection_that_was_handed_over_is_not_cut_but_told_of() {
    let config = ServerConfig::default().drain_timeout(Duration::from_millis(100));
    let over = Rc::new(Notify::new());
    let ended = over.clone();
    let site = serve_with(config, move |mut request: Request| {
        let (upgrade, ended) = (request.take_upgrade().unwrap(), ended.clone());
        tokio::task::spawn_local(async move {
            let mut io = upgrade.await.unwrap();
            ended.notified().await;
            io.write_all(b"late").await.unwrap();
        });
        async { switching() }
    });
    let mut client = site.connect().await;
    client.send(REQUEST).await;
    client.head().await;
    let report = site.stop().await;
    assert_eq!((report.finished, report.cut, report.upgraded), (0, 0, 1));
    over.notify_one();
    assert_eq!(client.rest().await, "late");
}
