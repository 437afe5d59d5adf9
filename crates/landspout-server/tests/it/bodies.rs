//! Answers that break off, that lie about their length, and that have no end.

use crate::wire::serve;
use bytes::Bytes;
use http_body::Frame;
use landspout_handler::BodyError;
use landspout_server::{Body, Request, Response};
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;

const LENGTH: http::HeaderName = http::header::CONTENT_LENGTH;

/// A body of three bytes, and then an error.
fn broken() -> Body {
    let (mut writer, body) = Body::writer();
    tokio::task::spawn_local(async move { writer.write("abc").await });
    body
}

/// A body of three bytes, and then a panic.
struct Panicking {
    began: bool,
}

impl http_body::Body for Panicking {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        assert!(!self.began, "a body panics");
        self.began = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"abc")))))
    }
}

/// A body of known pieces whose length is not known.
fn pieces(text: &'static str) -> Body {
    let (mut writer, body) = Body::writer();
    tokio::task::spawn_local(async move {
        for at in 0..text.len() {
            writer.write(&text.as_bytes()[at..=at]).await?;
        }
        writer.finish().await
    });
    body
}

#[tokio::test(flavor = "local")]
async fn a_chunked_answer_that_breaks_off_has_no_last_chunk() {
    let site = serve(async |_: Request| Response::new(broken()));
    let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(all.ends_with("\r\n\r\n3\r\nabc\r\n"), "{all}");
}

#[tokio::test(flavor = "local")]
async fn an_answer_of_known_length_that_breaks_off_is_short() {
    let site =
        serve(async |_: Request| Response::new(broken()).with_header(LENGTH, "9".parse().unwrap()));
    let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(all.contains("content-length: 9\r\n") && all.ends_with("\r\n\r\nabc"), "{all}");
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_ends_with_its_connection_is_reset_when_it_breaks_off() {
    let site = serve(async |_: Request| Response::new(broken()));
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    assert!(client.is_reset().await, "a good end would look like the end of the body");
}

#[tokio::test(flavor = "local")]
async fn an_answer_whose_body_panics_breaks_off() {
    let site = serve(async |_: Request| Response::new(Body::wrap(Panicking { began: false })));
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    assert!(client.is_reset().await);
    assert!(!site.serving.is_finished());
}

#[tokio::test(flavor = "local")]
async fn a_whole_answer_to_http_1_0_ends_in_good_order() {
    let site = serve(async |_: Request| Response::new(pieces("whole")));
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    assert!(!client.is_reset().await);
    assert!(client.rest().await.ends_with("\r\n\r\nwhole"));
}

#[tokio::test(flavor = "local")]
async fn a_streamed_body_that_is_not_as_long_as_it_said_never_looks_whole() {
    for (declared, sent) in [("9", "short"), ("3", "longer")] {
        let site = serve(async move |_: Request| {
            Response::new(pieces(sent)).with_header(LENGTH, declared.parse().unwrap())
        });
        let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (_, body) = all.split_once("\r\n\r\n").unwrap();
        assert!(body.len() < declared.parse().unwrap(), "{all}");
    }
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_contradicts_itself_is_a_500() {
    for value in ["4", "6", "-5", "+5", "five", "", "5, 5"] {
        let site = serve(async move |_: Request| {
            Response::text("five!").with_header(LENGTH, value.parse().unwrap())
        });
        let mut client = site.connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), 500, "{value}");
    }
    let site = serve(async |_: Request| Response::empty(102));
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 500);
}

#[tokio::test(flavor = "local")]
async fn framing_is_not_the_handlers() {
    let site = serve(async |_: Request| {
        Response::text("five!")
            .with_header(http::header::TRANSFER_ENCODING, "chunked".parse().unwrap())
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.header("transfer-encoding"), &*answer.body), (None, "five!"));
}

#[tokio::test(flavor = "local")]
async fn head_may_tell_of_the_length_that_a_get_would_have() {
    let site = serve(async |_: Request| Response::empty(200).with_header(LENGTH, 7.into()));
    let all = site.exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(all.contains("content-length: 7\r\n") && all.ends_with("\r\n\r\n"), "{all}");
}

/// An endless body, and how many bytes of it were taken.
fn endless(taken: Rc<Cell<usize>>) -> Body {
    let (mut writer, body) = Body::writer();
    tokio::task::spawn_local(async move {
        while writer.write(vec![b'x'; 4096]).await.is_ok() {
            taken.set(taken.get() + 4096);
        }
    });
    body
}

#[tokio::test(flavor = "local")]
async fn a_client_that_does_not_read_holds_the_writer_back() {
    let taken = Rc::new(Cell::new(0));
    let seen = taken.clone();
    let site = serve(move |_: Request| {
        let body = endless(taken.clone());
        async { Response::new(body) }
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.head().await;
    let mut before = 0;
    // Until the buffers of the kernel are full.
    while before != seen.get() {
        before = seen.get();
        sleep(Duration::from_millis(50)).await;
    }
    let full = seen.get();
    assert!(full < 32 << 20, "{full} bytes were taken for a client that reads none");
    sleep(Duration::from_millis(200)).await;
    assert_eq!(seen.get(), full);
}

#[tokio::test(flavor = "local")]
async fn a_stream_goes_out_while_a_further_request_waits() {
    let site = serve(async |_: Request| {
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            writer.write("first").await.unwrap();
            std::future::pending::<()>().await;
        });
        Response::new(body)
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)).await;
    client.head().await;
    assert_eq!(client.take(10).await, "5\r\nfirst\r\n");
}
