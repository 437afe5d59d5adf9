//! Servers that do what they should not.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Client, FetchError};
use proptest::prelude::*;
use std::time::Duration;

/// Head and body of whatever this server answers; it may not take long.
async fn fetch(server: &Server) -> Result<Vec<u8>, FetchError> {
    let request = Client::new().get(server.url("/")).timeout(Duration::from_secs(60));
    let mut response = request.send().await?;
    response.bytes().await.map(Vec::from)
}

async fn answering(answer: impl AsRef<[u8]>) -> Result<Vec<u8>, FetchError> {
    fetch(&Server::answering(answer).await).await
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nspace before : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let error = answering(answer).await.unwrap_err();
        assert!(error.is_malformed() && !error.is_body(), "{answer:?}: {error:?}");
        assert_eq!(error.reason(), "the answer is not HTTP");
    }
}

#[tokio::test]
async fn chunks_that_are_none_are_malformed() {
    for chunks in ["x\r\n", "-5\r\nhello", "5\r\nhelloX", "ffffffffffffffff1\r\n", "5;\n\r\nhello"]
    {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        let error = answering(answer).await.unwrap_err();
        assert!(error.is_malformed() && error.is_body(), "{chunks:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_head_without_an_end_is_too_large() {
    let field = format!("x: {}\r\n", "y".repeat(1000));
    for head in [
        format!("HTTP/1.1 200 OK\r\n{}", field.repeat(80)),
        format!("HTTP/1.1 200 {}", "o".repeat(80_000)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", field.repeat(80)),
    ] {
        let server = Server::play([vec![Act::Read, write(head), Act::Hold]]).await;
        let error = fetch(&server).await.unwrap_err();
        assert!(error.is_too_large() && !error.is_body(), "{error:?}");
    }
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(101));
    let error = answering(many).await.unwrap_err();
    assert_eq!(error.phase(), landspout_client::Phase::FirstByte, "{error:?}");
}

#[tokio::test]
async fn ten_interim_answers_are_passed_over_and_eleven_are_not() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    assert_eq!(answering(interim.repeat(10) + OK).await.unwrap(), b"hello");
    let error = answering(interim.repeat(11)).await.unwrap_err();
    assert!(format!("{error:?}").ends_with("too many 1xx answers"), "{error:?}");
}

#[tokio::test]
async fn lengths_are_what_the_framing_says() {
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
        5\r\nhello\r\n0\r\n\r\n";
    let server = Server::answering(both).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.header("content-length"), None);
    assert_eq!(response.bytes().await.unwrap(), "hello");
    assert_eq!(answering("HTTP/1.1 200 OK\r\n\r\nto the end").await.unwrap(), b"to the end");
    let same = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(answering(same).await.unwrap(), b"hi");
}

/// Wherever an answer breaks off there is an error that says so; unless its end was the end anyway.
#[tokio::test]
async fn an_answer_can_break_off_at_any_byte() {
    let sized = OK.as_bytes();
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".as_slice();
    for (answer, resets) in [(sized, false), (sized, true), (chunked, false), (chunked, true)] {
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        for len in 0..answer.len() {
            let mut script = vec![Act::Read, write(&answer[..len])];
            script.extend(resets.then_some(Act::Reset));
            let server = Server::play([script]).await;
            let error = fetch(&server).await.unwrap_err();
            // A reset may overtake the bytes before it.
            assert!(resets || error.is_body() == (len >= head), "{len}: {error:?}");
            assert!(!error.is_timeout() && !error.is_malformed(), "{len}: {error:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_drip_are_an_answer() {
    let server = Server::play([vec![Act::Read, Act::Drip(OK.into()), Act::Hold]]).await;
    assert_eq!(fetch(&server).await.unwrap(), b"hello");
}

#[tokio::test]
async fn an_answer_before_the_whole_request_is_an_answer() {
    let answer = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    let server = Server::play([vec![write(answer), Act::Hold]]).await;
    let (mut writer, body) = landspout_client::Body::writer();
    writer.write("a beginning").await.unwrap();
    let mut response = Client::new().post(server.url("/")).body(body).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(response.bytes().await.unwrap(), "no");
}

/// What answers are made of, so that random ones get further than their first line.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 302 Found\r\n",
        "HTTP/1.1 204 No Content\r\n",
        "Location: /\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 18446744073709551615\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: deflate\r\n",
        "Connection: keep-alive\r\n",
        "\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "\x1f\u{8b}\x08",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_answers_neither_panic_nor_hang(scraps in prop::collection::vec(scrap(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::answering(scraps.concat()).await;
            let client = Client::new();
            for _ in 0..2 {
                let request = client.get(server.url("/")).timeout(Duration::from_secs(60));
                let result = match request.send().await {
                    Ok(mut response) => response.bytes().await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = result {
                    assert!(!error.is_timeout(), "{error:?}");
                }
            }
            drop(client);
            server.until(|server| server.open() == 0).await;
        });
    }
}
