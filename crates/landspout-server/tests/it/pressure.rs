//! Clients that take their answers slowly, or not at all.

use super::wire::{Client, Site, serve, serve_with, within};
use landspout_server::{Request, Response, ServerConfig};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpSocket;
use tokio::time::sleep;

/// More than the kernel keeps for a client that does not read and has little room.
const LARGE: usize = 12 << 20;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn large(_: Request) -> Vec<u8> {
    vec![b'x'; LARGE]
}

/// A client for which the kernel keeps little, so that the server waits for it until the end.
async fn connect(site: &Site) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    Client::new(socket.connect(site.addr).await.unwrap())
}

/// Reads a large answer in pieces, with pauses between them: for 2.1 s.
async fn read_slowly(client: &mut Client) {
    for piece in 0..4 {
        if piece > 0 {
            sleep(Duration::from_millis(700)).await;
        }
        client.take(LARGE / 4).await;
    }
}

#[tokio::test(flavor = "local")]
async fn a_client_that_reads_no_answers_is_not_read_from() {
    let answered = Rc::new(Cell::new(0_usize));
    let count = answered.clone();
    let site = serve(move |_: Request| {
        count.set(count.get() + 1);
        async { Response::empty(204) }
    });
    let client = connect(&site).await;
    let requests = REQUEST.repeat(1000);
    let mut sent = 0;
    // Until the server takes no more, and answers none for a while in which it could.
    let (mut idle, mut before) = (0, 0);
    while idle < 50 {
        while let Ok(written) =
            client.stream.try_write(&requests.as_bytes()[sent % requests.len()..])
        {
            sent += written;
            idle = 0;
            assert!(sent < 40 << 20, "{} requests of a client that reads nothing", answered.get());
        }
        sleep(Duration::from_millis(10)).await;
        idle = if before == answered.get() { idle + 1 } else { 0 };
        before = answered.get();
    }
    assert!(before < sent / REQUEST.len(), "all were answered");
}

#[tokio::test(flavor = "local")]
async fn a_client_that_reads_late_gets_every_answer() {
    let site = serve(async |_: Request| Response::empty(204));
    let (reading, mut writing) = connect(&site).await.stream.into_split();
    let requests = REQUEST.repeat(20_000);
    let sending =
        tokio::task::spawn_local(async move { writing.write_all(requests.as_bytes()).await });
    // By then the server waits for the client to read.
    sleep(Duration::from_millis(300)).await;
    let mut lines = BufReader::new(reading).lines();
    let mut answers = 0;
    while answers < 20_000 {
        let line = within(lines.next_line()).await.unwrap().expect("another answer");
        answers += usize::from(line.starts_with("HTTP/1.1 204"));
    }
    sending.await.unwrap().unwrap();
}

#[tokio::test(flavor = "local")]
async fn a_slow_reader_is_not_idle() {
    let config = ServerConfig::default().idle_timeout(Duration::from_secs(2));
    let mut client = connect(&serve_with(config, large)).await;
    client.send(REQUEST).await;
    client.head().await;
    read_slowly(&mut client).await;
    client.send(REQUEST).await;
    client.head().await;
}

#[tokio::test(flavor = "local")]
async fn a_slow_reader_gets_everything_during_a_drain() {
    let config = ServerConfig::default().drain_grace(Duration::from_millis(100));
    let site = serve_with(config, large);
    let mut client = connect(&site).await;
    client.send(REQUEST).await;
    client.head().await;
    site.handle.shutdown();
    read_slowly(&mut client).await;
    drop(client);
    assert_eq!(within(site.serving).await.unwrap().cut, 0);
}

#[tokio::test(flavor = "local")]
async fn a_slow_reader_that_has_closed_its_side_gets_everything() {
    let mut client = connect(&serve(large)).await;
    client.send(REQUEST).await;
    client.finish().await;
    client.head().await;
    read_slowly(&mut client).await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn a_slow_reader_whose_upload_nobody_wants_gets_everything() {
    let mut client = connect(&serve(large)).await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nmore").await;
    assert!(client.head().await.contains("connection: close"));
    read_slowly(&mut client).await;
    assert_eq!(client.rest().await, "");
}
