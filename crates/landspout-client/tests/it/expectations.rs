//! `Expect: 100-continue`.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Body, Client, ClientConfig};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LONG: Duration = Duration::from_secs(60);

fn stream() -> Body {
    Body::stream(futures_util::stream::iter([Ok::<_, std::io::Error>("abc".into())]))
}

async fn read_head(io: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    head
}

/// A server that answers the head of a request by these pieces, with a moment between them, and tells
/// what came after the head.
async fn answering_the_head(
    pieces: Vec<Vec<u8>>,
) -> (String, impl Future<Output = (Vec<u8>, TcpListener)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serving = async move {
        let (mut io, _) = listener.accept().await.unwrap();
        read_head(&mut io).await;
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            let _ = io.write_all(piece).await;
        }
        let mut rest = Vec::new();
        let _ = io.read_to_end(&mut rest).await;
        (rest, listener)
    };
    (url, serving)
}

#[tokio::test]
async fn the_body_waits_for_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = async move {
        let (mut io, _) = listener.accept().await.unwrap();
        let head = read_head(&mut io).await;
        let early = tokio::time::timeout(Duration::from_millis(50), io.read_u8()).await;
        io.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        let mut body = [0; 3];
        io.read_exact(&mut body).await.unwrap();
        io.write_all(OK.as_bytes()).await.unwrap();
        (String::from_utf8(head).unwrap(), early.is_err(), body)
    };
    let request = Client::new().put(url).body("abc").expect_continue(LONG);
    let (response, (head, waited, body)) = tokio::join!(request.send(), server);
    assert_eq!(response.unwrap().text().await.unwrap(), "hello");
    assert!(head.contains("expect: 100-continue\r\n") && head.contains("content-length: 3\r\n"));
    assert!(waited && body == *b"abc");
}

#[tokio::test]
async fn a_server_that_says_nothing_gets_the_body_after_a_while() {
    let server = Server::answering(OK).await;
    let config = ClientConfig::default().expect_continue(Duration::from_millis(20));
    let client = Client::with_config(config);
    client.put(server.url("/")).body("abc").send().await.unwrap();
    assert!(server.requests()[0].ends_with("\r\n\r\nabc"));
    client.get(server.url("/")).send().await.unwrap();
    assert!(!server.requests()[1].contains("expect"), "there is no body to wait");
}

#[tokio::test]
async fn a_417_is_asked_again_without_for_streams_too() {
    let no = "HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, first) = answering_the_head(vec![no.into()]).await;
    let server = async move {
        let (rest, listener) = first.await;
        let again = Server::play_on(listener, [vec![Act::Read, write(OK)]]);
        again.until(|server| server.requests().len() == 1).await;
        (rest, again.requests())
    };
    let request = Client::new().put(url).body(stream()).expect_continue(LONG);
    let (response, (rest, again)) = tokio::join!(request.send(), server);
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(rest, b"", "nothing of the body went out before");
    assert!(!again[0].contains("expect") && again[0].ends_with("3\r\nabc\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn a_body_that_the_server_does_not_want_is_not_sent() {
    let no = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    let (url, server) = answering_the_head(vec![no.into()]).await;
    let request = Client::new().put(url).body("abc").expect_continue(LONG);
    let send = async {
        let mut response = request.send().await.unwrap();
        (response.status(), response.text().await)
    };
    let ((status, text), (rest, _)) = tokio::join!(send, server);
    assert_eq!((status.as_u16(), text.unwrap().as_str()), (413, "no"));
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn an_answer_in_place_of_a_100_is_read_whole_however_late_it_comes() {
    let head = b"HTTP/1.1 401 No\r\nContent-Length: 200000\r\n\r\n".to_vec();
    let (url, server) = answering_the_head(vec![head, vec![b'x'; 200_000]]).await;
    let client = Client::new();
    let request = client.put(url).body("abc").expect_continue(LONG);
    let send = async {
        let mut response = request.send().await.unwrap();
        (response.status(), response.text().await)
    };
    let ((status, text), (rest, _)) = tokio::join!(send, server);
    assert_eq!((status.as_u16(), text.unwrap().len()), (401, 200_000));
    assert_eq!(rest, b"", "the body was not wanted");
    assert_eq!((client.pool_stats().in_use, client.pool_stats().idle), (0, 0));
}

#[tokio::test]
async fn a_connection_whose_body_was_not_wanted_is_closed_at_once() {
    let no = b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (url, server) = answering_the_head(vec![no]).await;
    let client = Client::new();
    let send = async {
        let request = client.put(url).body("abc").expect_continue(LONG);
        assert_eq!(request.send().await.unwrap().status(), 413);
        client.pool_stats()
    };
    let (stats, (rest, _)) = tokio::join!(send, server);
    assert_eq!((stats.in_use, stats.idle), (0, 0));
    assert_eq!(rest, b"");
}
