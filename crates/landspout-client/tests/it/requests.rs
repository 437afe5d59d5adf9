//! What goes out, and what comes back.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Body, Client, ClientConfig, Request};
use std::collections::BTreeMap;

fn plain() -> Client {
    Client::with_config(ClientConfig::default().decompress(false))
}

/// The head and the body of the only request that came.
fn only(server: &Server) -> (String, String) {
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    (format!("{head}\r\n"), body.to_owned())
}

#[tokio::test]
async fn a_get_says_who_asks_and_for_what() {
    let server = Server::answering(OK).await;
    let mut response = plain().get(server.url("/a?b=c")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.version(), http::Version::HTTP_11);
    assert_eq!(response.header("content-length"), Some("5"));
    assert_eq!(response.remote_addr(), Some(server.addr));
    assert_eq!(response.url(), server.url("/a?b=c"));
    assert_eq!(response.text().await.unwrap(), "hello");
    let expected = format!(
        "GET /a?b=c HTTP/1.1\r\nhost: {}\r\naccept: */*\r\nuser-agent: landspout/{}\r\n\r\n",
        server.addr,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn every_default_header_gives_way_to_the_callers() {
    let server = Server::answering(OK).await;
    let request = Client::new().get(server.url("/")).header("Host", "other.example");
    let request = request.header("accept", "text/css").header("user-agent", "me");
    request.header("accept-encoding", "br").send().await.unwrap();
    let (head, _) = only(&server);
    for line in ["host: other.example", "accept: text/css", "user-agent: me", "accept-encoding: br"]
    {
        assert!(head.contains(&format!("{line}\r\n")), "{line} in {head}");
    }
    assert_eq!(head.lines().count(), 5, "{head}");
}

#[tokio::test]
async fn each_method_goes_by_its_name() {
    let server = Server::answering(OK).await;
    let client = plain();
    let url = server.url("/");
    client.get(&url).send().await.unwrap();
    client.head(&url).send().await.unwrap();
    client.post(&url).send().await.unwrap();
    client.put(&url).send().await.unwrap();
    client.delete(&url).send().await.unwrap();
    client.patch(&url).send().await.unwrap();
    client.options(&url).send().await.unwrap();
    client.request("PURGE".parse().unwrap(), &url).send().await.unwrap();
    let requests = server.requests();
    let methods: Vec<_> = requests.iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert_eq!(methods, ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"]);
}

#[tokio::test]
async fn a_post_without_a_body_says_so_and_a_get_does_not() {
    let server = Server::answering(OK).await;
    plain().post(server.url("/")).send().await.unwrap();
    plain().get(server.url("/")).send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("content-length: 0\r\n"));
    assert!(!requests[1].contains("content-length"));
}

#[tokio::test]
async fn the_query_is_added_to_that_of_the_url() {
    let server = Server::answering(OK).await;
    let tags = BTreeMap::from([("tag", vec!["a b", "c&d"])]);
    let request = plain().get(server.url("/?x=1#part")).query(&[("y", 2)]).query(&tags);
    let response = request.send().await.unwrap();
    assert!(only(&server).0.starts_with("GET /?x=1&y=2&tag=a+b&tag=c%26d HTTP/1.1\r\n"));
    assert_eq!(response.url(), server.url("/?x=1&y=2&tag=a+b&tag=c%26d#part"));
}

#[tokio::test]
async fn json_and_forms_bring_their_content_type() {
    let server = Server::answering(OK).await;
    plain().post(server.url("/")).json(&[1, 2]).send().await.unwrap();
    plain().post(server.url("/")).form(&[("a", "1&2")]).send().await.unwrap();
    let own = plain().put(server.url("/")).header("content-type", "application/problem+json");
    own.json("x").send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("content-type: application/json\r\n"));
    assert!(
        requests[0].contains("content-length: 5\r\n") && requests[0].ends_with("\r\n\r\n[1,2]")
    );
    assert!(requests[1].contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(requests[1].ends_with("\r\n\r\na=1%262"));
    assert!(requests[2].contains("content-type: application/problem+json\r\n"));
}

fn pieces(pieces: &[&'static str]) -> Body {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok::<_, std::io::Error>((*piece).into())).collect();
    Body::stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn a_stream_goes_in_chunks_with_a_get_too() {
    let server = Server::answering(OK).await;
    plain().post(server.url("/")).body(pieces(&["one", "two!"])).send().await.unwrap();
    plain().get(server.url("/")).body(pieces(&["q"])).send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("transfer-encoding: chunked\r\n"));
    assert!(requests[0].ends_with("\r\n\r\n3\r\none\r\n4\r\ntwo!\r\n0\r\n\r\n"));
    assert!(requests[1].ends_with("\r\n\r\n1\r\nq\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn a_stream_with_a_length_goes_at_that_length() {
    for surplus in ["two", "two and more"] {
        let server = Server::answering(OK).await;
        let request = plain().post(server.url("/")).header(http::header::CONTENT_LENGTH, 6_u64);
        request.body(pieces(&["one", surplus])).send().await.unwrap();
        let (head, body) = only(&server);
        assert!(head.contains("content-length: 6\r\n") && !head.contains("transfer-encoding"));
        assert_eq!(body, "onetwo");
    }
}

#[tokio::test]
async fn a_stream_shorter_than_its_length_fails_the_request() {
    let server = Server::answering(OK).await;
    let request = plain().post(server.url("/")).header("content-length", "6");
    let error = request.body(pieces(&["one"])).send().await.unwrap_err();
    assert_eq!(error.reason(), "the body of the request failed", "{error:?}");
}

#[tokio::test]
async fn a_stream_that_fails_fails_the_request() {
    let server = Server::answering(OK).await;
    let (mut writer, body) = Body::writer();
    let write = async move { writer.write("some").await };
    let (error, _) = tokio::join!(plain().post(server.url("/")).body(body).send(), write);
    let error = error.unwrap_err();
    assert_eq!(error.reason(), "the body of the request failed", "{error:?}");
}

#[tokio::test]
async fn user_and_password_of_the_url_become_a_header_and_are_shown_nowhere() {
    let server = Server::answering("nonsense").await;
    let url = format!("http://me%40home:s3cret@{}/x", server.addr);
    let error = plain().get(url).send().await.unwrap_err();
    let (head, _) = only(&server);
    assert!(head.contains("authorization: Basic bWVAaG9tZTpzM2NyZXQ=\r\n"), "{head}");
    assert!(head.contains(&format!("host: {}\r\n", server.addr)));
    assert_eq!(error.url(), Some(&*server.url("/x")));
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}

#[tokio::test]
async fn credentials_can_be_given_by_method() {
    let server = Server::answering(OK).await;
    plain().get(server.url("/")).basic_auth("Aladdin", "open sesame").send().await.unwrap();
    plain().get(server.url("/")).bearer_auth("abc").send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    assert!(requests[1].contains("authorization: Bearer abc\r\n"));
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_fails_before_it_is_sent() {
    let server = Server::answering(OK).await;
    let (client, url) = (plain(), server.url("/"));
    let broken = [
        client.get("no url at all"),
        client.get("ftp://127.0.0.1/"),
        client.get("http://"),
        client.get(&url).header("a\r\nb", "c"),
        client.get(&url).header("a", "b\r\nc: d"),
        client.get(&url).bearer_auth("a\nb"),
        client.get(&url).header("transfer-encoding", "gzip"),
        client.post(&url).header("content-length", "+5"),
        client.request(http::Method::CONNECT, &url),
        client.post(&url).json(&BTreeMap::from([(vec![1], 2)])),
        Client::with_config(ClientConfig::default().user_agent("a\nb")).get(&url),
    ];
    for request in broken {
        let text = format!("{request:?}");
        let error = request.send().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error:?} of {text}");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_port_that_is_none_is_not_the_schemes_own() {
    for url in ["http://127.0.0.1:99999/", "http://127.0.0.1:65536/"] {
        let error = match url.parse() {
            Ok(uri) => plain().fetch(Request::new(http::Method::GET, uri)).await.unwrap_err(),
            Err(_) => continue,
        };
        assert!(error.is_invalid_request(), "{error:?}");
    }
}

#[tokio::test]
async fn a_request_made_elsewhere_goes_as_it_is() {
    let server = Server::answering(OK).await;
    let request = Request::post(&server.url("/a/../b?c='d'")).with_body("text");
    let mut response = plain().fetch(request).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "hello");
    let (head, body) = only(&server);
    assert!(head.starts_with("POST /a/../b?c='d' HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "text");
}

#[tokio::test]
async fn an_answer_without_a_body_ends_with_its_head() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    let server = Server::play([vec![Act::Read, write(answer), Act::Hold]]).await;
    let mut response = plain().head(server.url("/")).send().await.unwrap();
    assert_eq!(response.header("content-length"), Some("500"));
    assert_eq!(response.bytes().await.unwrap(), "");
    for status in ["204 No Content", "304 Not Modified"] {
        let answer = format!("HTTP/1.1 {status}\r\n\r\n");
        let server = Server::play([vec![Act::Read, write(answer), Act::Hold]]).await;
        let mut response = plain().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_body_comes_by_pieces_as_they_arrive() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
    let server =
        Server::play([vec![Act::Read, write(head), Act::Read, write("3\r\ntwo\r\n0\r\n\r\n")]]);
    let server = server.await;
    let mut response = plain().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.body_len(), None);
    assert_eq!(response.chunk().await.unwrap().unwrap(), "one");
    // The second piece is not there yet, and asking in vain loses nothing.
    let wait = std::time::Duration::from_millis(20);
    assert!(tokio::time::timeout(wait, response.chunk()).await.is_err());
    drop(response);
}

#[tokio::test]
async fn text_and_json_of_another_kind_are_errors_of_decoding() {
    let bad = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe";
    let server = Server::answering(bad).await;
    let mut response = plain().get(server.url("/")).send().await.unwrap();
    let error = response.text().await.unwrap_err();
    assert!(error.is_decode() && error.is_body() && !error.is_malformed(), "{error:?}");
    let mut response = plain().get(server.url("/")).send().await.unwrap();
    assert!(response.json::<u8>().await.unwrap_err().is_decode());
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n17").await;
    let mut response = plain().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.json::<u8>().await.unwrap(), 17);
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n";
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef";
    for answer in [chunked, sized] {
        let server = Server::answering(answer).await;
        let mut response = plain().get(server.url("/")).max_body_size(5).send().await.unwrap();
        let error = response.bytes().await.unwrap_err();
        assert!(error.is_too_large() && error.is_body(), "{error:?}");
        let mut response = plain().get(server.url("/")).max_body_size(6).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), "abcdef");
    }
}

#[tokio::test]
async fn a_callback_gets_the_answer_and_a_cancelled_one_is_never_called() {
    let server = Server::answering(OK).await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    plain().get(server.url("/")).send_with(|result| sender.send(result.unwrap().status()).unwrap());
    assert_eq!(receiver.await.unwrap(), 200);

    let silent = Server::play([vec![Act::Read, Act::Hold]]).await;
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let request = Request::get(&silent.url("/"));
    let handle = plain().fetch_with(request, |_| sender.send(()).unwrap());
    silent.until(|server| server.requests().len() == 1).await;
    assert!(!handle.is_finished());
    handle.cancel();
    assert!(receiver.await.is_err());
    silent.until(|server| server.open() == 0).await;
}

#[tokio::test]
async fn a_slow_reader_slows_the_sender_down() {
    const LEN: usize = 64 << 20;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n");
    let script = vec![Act::Read, write(head), Act::Write(vec![b'x'; LEN])];
    let server = Server::play([script]).await;
    let mut response = plain().get(server.url("/")).send().await.unwrap();
    let mut read = response.chunk().await.unwrap().unwrap().len();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(server.open(), 1, "the server has not come to its end");
    while let Some(chunk) = response.chunk().await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(read, LEN);
}
