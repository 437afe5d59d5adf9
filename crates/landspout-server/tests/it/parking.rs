//! Connections on which nothing is said for a while.

use crate::wire::{Client, serve, serve_with, within};
use landspout_server::{Request, ServerConfig};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

/// Longer than a connection keeps its parser.
const SILENCE: Duration = Duration::from_millis(450);

async fn path(request: Request) -> String {
    request.uri().path().to_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

async fn answers(client: &mut Client, path: &str) {
    client.send(get(path)).await;
    assert_eq!(client.answer().await.body, path);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_silent_connection_answers_again() {
    let mut client = serve(path).connect().await;
    sleep(SILENCE).await;
    for round in ["/first", "/second", "/third"] {
        answers(&mut client, round).await;
        sleep(SILENCE).await;
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn requests_that_end_the_silence_together_are_all_answered() {
    let mut client = serve(path).connect().await;
    answers(&mut client, "/").await;
    sleep(SILENCE).await;
    client.send(get("/one") + &get("/two") + &get("/three")).await;
    for path in ["/one", "/two", "/three"] {
        assert_eq!(client.answer().await.body, path);
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_head_that_the_silence_splits_is_read_whole() {
    let mut client = serve(path).connect().await;
    let second = get("/second");
    for cut in [1, 10, second.len() - 1] {
        client.send(get("/first") + &second[..cut]).await;
        assert_eq!(client.answer().await.body, "/first");
        sleep(SILENCE).await;
        client.send(&second[cut..]).await;
        assert_eq!(client.answer().await.body, "/second");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_comes_after_the_silence_is_no_request() {
    let mut client = serve(path).connect().await;
    let body = get("/smuggled");
    let head =
        format!("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    client.send(head).await;
    assert_eq!(client.answer().await.body, "/unread");
    sleep(SILENCE).await;
    // The server may have closed by now, because it will not wait for what nobody reads.
    drop(client.stream.write_all(body.as_bytes()).await);
    assert!(!client.rest().await.contains("/smuggled"));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_silent_connection_is_closed_when_its_time_is_over() {
    let config = ServerConfig::default().idle_timeout(Duration::from_millis(800));
    let mut client = serve_with(config, path).connect().await;
    answers(&mut client, "/").await;
    let started = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(started.elapsed() >= Duration::from_millis(700), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_drain_closes_silent_connections_in_order() {
    let site = serve(path);
    let (mut before, mut silent) = (site.connect().await, site.connect().await);
    answers(&mut silent, "/").await;
    sleep(SILENCE).await;
    site.handle.shutdown();
    // During the grace a request still finds an answer, and learns that it was the last.
    before.send(get("/late")).await;
    assert_eq!(before.answer().await.header("connection"), Some("close"));
    assert_eq!(silent.rest().await, "");
    drop((before, silent));
    assert_eq!(within(site.serving).await.unwrap().cut, 0);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_leaves_in_silence_makes_room() {
    let site = serve_with(ServerConfig::default().max_connections(1), path);
    let mut client = site.connect().await;
    answers(&mut client, "/").await;
    sleep(SILENCE).await;
    drop(client);
    sleep(Duration::from_millis(100)).await;
    answers(&mut site.connect().await, "/another").await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn more_connections_than_keep_parsers_are_all_answered() {
    // Both ends of them are this process's, and many systems begin with 1024 descriptors.
    rlimit::increase_nofile_limit(4096).unwrap();
    let site = serve(path);
    let mut clients = Vec::new();
    for _ in 0..600 {
        let mut client = site.connect().await;
        answers(&mut client, "/first").await;
        clients.push(client);
    }
    for client in &mut clients {
        answers(client, "/second").await;
    }
}

/// Answers `/<length>` with so many bytes, each of them the last digit of the length.
async fn sized(request: Request) -> String {
    let path = request.uri().path();
    path[path.len() - 1..].repeat(path[1..].parse().unwrap())
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn large_answers_and_small_ones_keep_their_order_on_one_connection() {
    let mut client = serve(sized).connect().await;
    let lens = [3, 70_001, 5, 4_096, 1_500_002, 7, 4_095, 16_384, 2];
    let all: String = lens.map(|len| get(&format!("/{len}"))).concat();
    for round in 0..3 {
        // One after the other, all at once, and after a time in which no large one came.
        for len in lens {
            if round != 1 {
                client.send(get(&format!("/{len}"))).await;
            } else if len == lens[0] {
                client.send(&all).await;
            }
            let body = client.answer().await.body;
            let digit = char::from_digit(len % 10, 10).unwrap();
            assert!(body.len() == len as usize && body.chars().all(|c| c == digit), "{len}");
        }
        sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_request_that_is_split_behind_a_large_answer_is_read_whole() {
    let mut client = serve(sized).connect().await;
    let second = get("/9");
    for cut in [1, 10, second.len() - 1] {
        client.send(get("/100000") + &second[..cut]).await;
        assert_eq!(client.answer().await.body.len(), 100_000);
        client.send(&second[cut..]).await;
        assert_eq!(client.answer().await.body, "999999999");
    }
}
