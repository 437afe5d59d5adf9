//! What takes too long, and how that is said.

use crate::script::{Act, OK, Server, at_once, direct, until, write};
use landspout_client::{Client, ClientConfig, Phase};
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(30);

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing() {
    let server = Server::play([vec![Act::Read, Act::Hold]]).await;
    let request = Client::new().get(server.url("/")).timeout(SHORT);
    let (answer, ()) = tokio::join!(request.send(), server.has_read(1));
    let error = answer.unwrap_err();
    assert!(error.is_timeout() && !error.is_body(), "{error:?}");
    assert_eq!(error.phase(), Phase::FirstByte);
    assert_eq!(error.reason(), "timed out after 30ms while waiting for the answer");
    let timings = error.timings();
    assert!(timings.connect.is_some() && timings.send.is_some() && timings.body.is_none());
    assert!(timings.first_byte.unwrap() >= SHORT);
    assert!(timings.total.unwrap() >= SHORT);
    server.until(|server| server.open() == 0).await;
}

/// A connection keeps one timer for all its requests, whichever limit comes first.
#[tokio::test(start_paused = true)]
async fn each_request_on_a_connection_has_its_own_limit() {
    for [first, second] in [[SHORT * 100, SHORT], [SHORT, SHORT * 3]] {
        let script = vec![Act::Read, write(OK), Act::Read, Act::Hold];
        let server = Server::play([script]).await;
        let client = Client::new();
        let request = client.get(server.url("/")).timeout(first);
        at_once(async { request.send().await.unwrap().bytes().await.unwrap() }).await;
        tokio::time::sleep(SHORT * 2).await;
        let request = client.get(server.url("/")).timeout(second);
        let (answer, ()) = tokio::join!(timeout(SHORT * 50, request.send()), server.has_read(2));
        let error = answer.unwrap().unwrap_err();
        assert!(error.is_timeout() && error.timings().reused, "{error:?}");
        assert!(error.timings().total.unwrap() >= second, "{error:?}");
        server.until(|server| server.open() == 0).await;
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips() {
    let drops = (0..100).flat_map(|_| [Act::Pause(SHORT / 10), write("y")]);
    let script = [Act::Read, write("HTTP/1.1 200 OK\r\nx: ")].into_iter().chain(drops);
    let server = Server::play([script.collect()]).await;
    let request = Client::new().get(server.url("/")).timeout(SHORT);
    let (answer, ()) = tokio::join!(request.send(), server.has_read(1));
    let error = answer.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.phase(), Phase::FirstByte);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
    let server = Server::play([vec![Act::Read, write(head), Act::Hold]]).await;
    let request = Client::new().get(server.url("/")).timeout(SHORT);
    let mut response = at_once(request.send()).await.unwrap();
    assert_eq!(at_once(response.chunk()).await.unwrap().unwrap(), "hello");
    let error = response.chunk().await.unwrap_err();
    assert!(error.is_timeout() && error.is_body(), "{error:?}");
    assert_eq!(error.reason(), "timed out after 30ms while reading the body");
    assert_eq!(response.chunk().await.unwrap(), None);
    server.until(|server| server.open() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_read_for_too_long() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 32 << 20);
    let answer = [head.into_bytes(), vec![b'x'; 32 << 20]].concat();
    let server = Server::play([vec![Act::Read, write(answer), Act::Hold]]).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    // The bytes are always there: it is the reader who is slow.
    let mut waited = Duration::ZERO;
    let error = loop {
        match response.chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "read for {waited:?}"),
            Err(error) => break error,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
    };
    assert!(error.is_timeout() && error.is_body(), "{error:?}");
    assert!(waited < Duration::from_secs(22), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_taken() {
    let server = Server::play([vec![Act::Hold]]).await;
    let (mut writer, body) = landspout_client::Body::writer();
    let request = Client::new().post(server.url("/")).body(body).timeout(SHORT);
    // More than waits in the client: it is being sent.
    let beginning = at_once(async {
        for _ in 0..10 {
            writer.write(vec![b'x'; 100_000]).await.unwrap();
        }
    });
    let (answer, ()) = tokio::join!(request.send(), beginning);
    let error = answer.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.phase(), Phase::Send, "{error:?}");
}

#[tokio::test]
async fn a_limit_of_zero_is_none() {
    let config = ClientConfig::default().timeout(Duration::ZERO).queue_timeout(Duration::ZERO);
    let client = Client::with_config(config.connect_timeout(Duration::ZERO));
    let server = Server::answering(OK).await;
    client.get(server.url("/")).send().await.unwrap();
    // What a request says wins, in both directions.
    let silent = Server::play([vec![Act::Read, Act::Hold]]).await;
    let error = client.get(silent.url("/")).timeout(SHORT).send().await.unwrap_err();
    assert!(error.is_timeout());
}

/// An address that takes no further connection, because the queue of its listener is full.
async fn full() -> (SocketAddr, (TcpListener, Vec<TcpStream>)) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) = timeout(SHORT, TcpStream::connect(addr)).await {
        queued.push(stream);
    }
    (addr, (listener, queued))
}

#[tokio::test]
async fn an_address_that_does_not_answer_does_not_hold_up_the_next() {
    let (addr, _full) = full().await;
    let server = Server::answering(OK).await;
    let config = direct().resolve("a.test", [addr, server.addr]);
    let config = config.timeout(Duration::ZERO).connect_timeout(Duration::from_secs(120));
    let response = Client::with_config(config).get("http://a.test/").send().await.unwrap();
    assert_eq!(response.remote_addr(), Some(server.addr));
    let connect = response.timings().connect.unwrap();
    assert!(connect >= Duration::from_millis(250) && connect < Duration::from_secs(60));
}

#[tokio::test]
async fn a_host_that_does_not_accept() {
    let (addr, _full) = full().await;
    let request = Client::new().get(format!("http://{addr}/")).connect_timeout(SHORT);
    let error = request.send().await.unwrap_err();
    assert!(error.is_connect() && error.is_timeout(), "{error:?}");
    assert_eq!(error.reason(), "timed out after 30ms while connecting");
    assert!(error.timings().connect.unwrap() >= SHORT);
}

#[cfg(feature = "tls")]
#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_not_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let request = Client::new().get(url).connect_timeout(SHORT);
    let begins = at_once(async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream
    });
    let (answer, _stream) = tokio::join!(request.send(), begins);
    let error = answer.unwrap_err();
    assert!(error.is_tls() && error.is_timeout(), "{error:?}");
    assert!(error.timings().connect.is_some() && error.timings().tls.is_some());
}

/// The wait for a place in the pool does not count.
#[tokio::test(start_paused = true)]
async fn the_whole_request_begins_with_its_place_in_the_pool() {
    let limit = Duration::from_millis(300);
    let server = Server::play([vec![Act::Read, Act::Hold], vec![Act::Read, write(OK)]]).await;
    let config = ClientConfig::default().max_connections(1).timeout(limit);
    let client = Client::with_config(config);
    let (hanging, waiting) = (client.get(server.url("/")), client.get(server.url("/")));
    let is_answered = Cell::new(false);
    let first = async {
        assert!(hanging.send().await.unwrap_err().is_timeout());
        at_once(until(|| is_answered.get())).await;
    };
    let second = async {
        let response = waiting.send().await.unwrap();
        is_answered.set(true);
        response.timings()
    };
    let ((), timings, ()) = tokio::join!(first, second, server.has_read(1));
    assert!(timings.queue.unwrap() >= limit && timings.total.unwrap() >= limit);
}
