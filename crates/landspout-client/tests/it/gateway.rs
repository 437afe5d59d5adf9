//! A client as a handler.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Client, FetchError, Handler, Request, RequestOptions};
use std::time::Duration;

fn request(server: &Server, headers: &[(&'static str, &'static str)]) -> Request {
    let mut request = Request::get(&server.url("/a%2Fb/../c?d"));
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_request_goes_on_without_what_was_for_its_connection() {
    let server = Server::answering(OK).await;
    let headers = [
        ("host", "front.example"),
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("upgrade", "websocket"),
        ("transfer-encoding", "chunked"),
        ("accept-encoding", "br"),
        ("cookie", "a=b"),
    ];
    let response = Client::new().handle(request(&server, &headers)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().text().await.unwrap(), "hello");
    let expected = format!(
        "GET /a%2Fb/../c?d HTTP/1.1\r\naccept-encoding: br\r\ncookie: a=b\r\nhost: {}\r\n\r\n",
        server.addr
    );
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn an_answer_goes_back_without_what_was_for_its_connection() {
    let answer = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: x-hop\r\nX-Hop: 1\r\n\
        X-Kept: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let server = Server::answering(answer).await;
    let response = Client::new().handle(request(&server, &[])).await;
    assert_eq!(response.headers().len(), 1);
    assert_eq!(response.headers()["x-kept"], "2");
    assert_eq!(response.into_body().text().await.unwrap(), "hi");
}

#[tokio::test]
async fn redirects_and_compressed_bodies_are_passed_on() {
    let away = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering(away).await;
    assert_eq!(Client::new().handle(request(&server, &[])).await.status(), 302);
    let gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1fxx";
    let server = Server::answering(gzip).await;
    let response = Client::new().handle(request(&server, &[])).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.into_body().text().await.unwrap(), "\x1fxx");
}

#[tokio::test]
async fn a_failure_is_a_502_or_a_504_with_its_cause() {
    let response = Client::new().handle(Request::get("http://127.0.0.1:1/")).await;
    assert_eq!(response.status(), 502);
    let cause = response.error().unwrap().cause().unwrap();
    assert!(cause.downcast_ref::<FetchError>().unwrap().is_connect());

    let silent = Server::play([vec![Act::Read, Act::Hold]]).await;
    let mut request = request(&silent, &[]);
    let options = RequestOptions::default().timeout(Duration::from_millis(20));
    request.extensions_mut().insert(options);
    assert_eq!(Client::new().handle(request).await.status(), 504);

    let nowhere = Client::new().handle(Request::get("/only/a/path")).await;
    assert_eq!(nowhere.status(), 502);
}

#[tokio::test]
async fn bodies_pass_through_as_streams() {
    let server = Server::play([vec![Act::Read, write(OK)]]).await;
    let (mut writer, body) = landspout_client::Body::writer();
    let request = Request::post(&server.url("/")).with_body(body);
    let sending = async move {
        writer.write("piece").await.unwrap();
        writer.finish().await.unwrap();
    };
    let client = Client::new();
    let (response, ()) = tokio::join!(client.handle(request), sending);
    assert_eq!(response.status(), 200);
    assert!(server.requests()[0].ends_with("5\r\npiece\r\n0\r\n\r\n"));
}

/// RFC 9112 §6.1: of the two the coding counts, and the length is taken away before it goes on.
#[tokio::test]
async fn a_length_beside_a_coding_does_not_go_on() {
    let server = Server::play([vec![Act::Read, write(OK)]]).await;
    let headers = [("transfer-encoding", "chunked"), ("content-length", "5")];
    let pieces = futures_util::stream::iter(
        ["a body of ", "some length"]
            .map(|text| Ok::<_, std::io::Error>(bytes::Bytes::from_static(text.as_bytes()))),
    );
    let mut request = request(&server, &headers).with_body(landspout_client::Body::stream(pieces));
    *request.method_mut() = http::Method::POST;
    assert_eq!(Client::new().handle(request).await.status(), 200);
    let seen = &server.requests()[0];
    assert!(!seen.contains("content-length"), "{seen}");
    assert!(seen.ends_with("A\r\na body of \r\nB\r\nsome length\r\n0\r\n\r\n"), "{seen}");
}
