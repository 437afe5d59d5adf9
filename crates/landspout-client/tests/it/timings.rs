//! How long each phase took.

use crate::script::{Act, OK, Server, at_once, write};
use landspout_client::{Client, Timings};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::advance;

fn sum(timings: &Timings) -> Duration {
    let Timings { queue, dns, connect, tls, send, first_byte, body, .. } = *timings;
    [queue, dns, connect, tls, send, first_byte, body].into_iter().flatten().sum()
}

#[tokio::test]
async fn every_phase_that_happened_is_measured_and_no_other() {
    let server = Server::play([vec![Act::Read, write(OK), Act::Read, write(OK)]]).await;
    let client = Client::new();
    let mut response = client.get(server.url("/")).send().await.unwrap();
    response.bytes().await.unwrap();
    let fresh = response.timings();
    assert!(fresh.queue.is_some() && fresh.connect.is_some() && fresh.send.is_some());
    assert!(fresh.first_byte.is_some() && fresh.body.is_some() && !fresh.reused);
    assert!(fresh.dns.is_none() && fresh.tls.is_none());
    assert!(sum(&fresh) <= fresh.total.unwrap());

    let mut response = client.get(server.url("/")).send().await.unwrap();
    response.bytes().await.unwrap();
    let reused = response.timings();
    assert!(reused.reused && reused.connect.is_none() && reused.first_byte.is_some());
}

#[tokio::test]
async fn the_total_stands_still_once_the_body_was_read() {
    let server = Server::answering(OK).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    response.bytes().await.unwrap();
    let then = response.timings();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(response.timings(), then);
}

/// The time that the server thinks is in `first_byte`, the time between head and end in `body`.
#[tokio::test(start_paused = true)]
async fn thinking_and_sending_are_told_apart() {
    let (thinks, pauses) = (Duration::from_secs(4), Duration::from_secs(5));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let begun = Notify::new();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.read_u8().await.unwrap() != b'\n' {}
        advance(thinks).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na").await.unwrap();
        begun.notified().await;
        advance(pauses).await;
        stream.write_all(b"b").await.unwrap();
        stream
    };
    let asking = async {
        let mut response = Client::new().get(url).send().await.unwrap();
        begun.notify_one();
        response.bytes().await.unwrap();
        response.timings()
    };
    let (timings, _stream) = at_once(async { tokio::join!(asking, serving) }).await;
    let (send, body) = (timings.send.unwrap(), timings.body.unwrap());
    assert_eq!((send, timings.first_byte.unwrap(), body), (Duration::ZERO, thinks, pauses));
}

#[tokio::test(start_paused = true)]
async fn after_a_redirect_the_phases_are_those_of_the_last_request() {
    let away = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let pause = Duration::from_secs(4);
    let script = vec![Act::Read, Act::Pause(pause), write(away), Act::Read, write(OK)];
    let server = Server::play([script]).await;
    let request = Client::new().get(server.url("/a"));
    let thinks = async {
        server.has_read(1).await;
        advance(pause).await;
    };
    let (answer, ()) = at_once(async { tokio::join!(request.send(), thinks) }).await;
    let timings = answer.unwrap().timings();
    assert_eq!(timings.first_byte.unwrap(), Duration::ZERO, "{timings:?}");
    assert!(timings.total.unwrap() >= pause && timings.reused, "{timings:?}");
}

#[tokio::test]
async fn a_failure_tells_how_far_it_came() {
    let error = Client::new().get("http://127.0.0.1:1/").send().await.unwrap_err();
    let timings = error.timings();
    assert!(timings.queue.is_some() && timings.connect.is_some() && timings.send.is_none());
    assert!(timings.total.unwrap() >= timings.connect.unwrap());
}
