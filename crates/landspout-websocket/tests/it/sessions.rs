//! Handshakes over a bare stream.

use crate::pair::quiet;
use http::Uri;
use landspout_websocket::{Config, HandshakeError, Message, Origins, Refusal, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What a server answers to some bytes, and what became of the connection.
async fn answer(request: &[u8]) -> (String, Result<(), HandshakeError>) {
    let (near, mut far) = duplex(1 << 20);
    far.write_all(request).await.unwrap();
    let result = WebSocket::accept(near, &Config::default()).await.map(drop);
    let mut answer = String::new();
    far.read_to_string(&mut answer).await.unwrap();
    (answer, result)
}

#[tokio::test]
async fn a_client_and_a_server_meet() {
    for uri in ["ws://example.com/chat?room=1", "wss://user@example.com:8443", "http://[::1]"] {
        let (near, far) = duplex(100);
        let uri: Uri = uri.parse().unwrap();
        let config = quiet().subprotocol("chat");
        let (client, server) =
            tokio::join!(WebSocket::connect(near, &uri, &config), WebSocket::accept(far, &config),);
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        assert_eq!((client.subprotocol(), server.subprotocol()), (Some("chat"), Some("chat")));
        client.send("hello").await.unwrap();
        assert_eq!(server.receive().await.unwrap(), Some(Message::from("hello")));
    }
}

#[tokio::test]
async fn frames_may_come_with_the_head() {
    let (near, mut far) = duplex(1 << 20);
    let frame = crate::peer::masked(0x81, b"early");
    far.write_all(&[REQUEST.as_bytes(), &frame].concat()).await.unwrap();
    let mut server = WebSocket::accept(near, &quiet()).await.unwrap();
    assert_eq!(server.receive().await.unwrap(), Some(Message::from("early")));
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    let (near, mut far) = duplex(1);
    let accepting = tokio::spawn(async move { WebSocket::accept(near, &quiet()).await });
    far.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    far.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    drop(far);
    assert!(matches!(accepting.await.unwrap(), Err(HandshakeError::Io(_))));
}

#[tokio::test]
async fn a_refusal_is_written() {
    let (answer, result) = answer(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
    assert!(answer.contains("\r\nupgrade: websocket\r\n"));
    assert!(answer.contains("\r\nsec-websocket-version: 13\r\n"));
    assert!(answer.contains("\r\nconnection: close\r\n"));
    assert!(answer.ends_with("\r\n\r\nthis is a WebSocket: upgrade, please\n"));
    assert!(matches!(result, Err(HandshakeError::Refused(Refusal::NoUpgrade))));
}

#[tokio::test]
async fn a_malformed_head_is_no_handshake() {
    for head in [
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nname : value\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\na: \0\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n",
        "\r\n\r\n",
    ] {
        assert!(matches!(answer(head.as_bytes()).await.1, Err(HandshakeError::Head)), "{head:?}");
    }
    let long = format!("GET / HTTP/1.1\r\na: {}", "x".repeat(20_000));
    assert!(matches!(answer(long.as_bytes()).await.1, Err(HandshakeError::Head)));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101));
    assert!(matches!(answer(many.as_bytes()).await.1, Err(HandshakeError::Head)));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_takes_ten_seconds_at_most() {
    let (near, mut far) = duplex(1000);
    far.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let begin = tokio::time::Instant::now();
    let result = WebSocket::accept(near, &Config::default()).await;
    assert!(matches!(result, Err(HandshakeError::Timeout)));
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
}

#[tokio::test]
async fn a_client_learns_what_the_server_answered_instead() {
    let (near, mut far) = duplex(1000);
    far.write_all(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n\r\n").await.unwrap();
    let uri = Uri::from_static("ws://example.com/");
    let result = WebSocket::connect(near, &uri, &Config::default()).await;
    assert!(matches!(result, Err(HandshakeError::Status(status)) if status == 302));
    for wrong in ["ftp://example.com/", "/path"] {
        let (near, _far) = duplex(1000);
        let result = WebSocket::connect(near, &wrong.parse().unwrap(), &Config::default()).await;
        assert!(matches!(result, Err(HandshakeError::Uri)));
    }
}

#[tokio::test]
async fn the_origin_is_checked() {
    let request = REQUEST.replace("Host", "Origin: https://evil.com\r\nHost");
    let (answer, result) = answer(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    assert!(matches!(result, Err(HandshakeError::Refused(Refusal::Origin))));
    let (near, mut far) = duplex(1000);
    far.write_all(request.as_bytes()).await.unwrap();
    assert!(WebSocket::accept(near, &quiet().origins(Origins::Any)).await.is_ok());
}
