//! Requests and answers in good order.

use crate::wire::{serve, within};
use landspout_server::{Handler, Request, Response};

async fn echo_path(request: Request) -> String {
    request.uri().path().to_owned()
}

#[tokio::test(flavor = "local")]
async fn a_connection_serves_one_request_after_another() {
    let site = serve(echo_path);
    let mut client = site.connect().await;
    for path in ["/one", "/two", "/three"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status(), &*answer.body), (200, path));
        assert!(answer.header("date").is_some());
    }
}

#[tokio::test(flavor = "local")]
async fn connection_close_ends_the_connection_after_the_answer() {
    let site = serve(echo_path);
    let all = site.exchange("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n") && all.ends_with("\r\n\r\n/x"), "{all}");
    assert!(all.contains("connection: close\r\n"), "{all}");
}

#[tokio::test(flavor = "local")]
async fn http_1_0_closes_unless_it_asks_to_be_kept() {
    let site = serve(echo_path);
    let all = site.exchange("GET /x HTTP/1.0\r\n\r\n").await;
    assert!(all.starts_with("HTTP/1.0 200 OK\r\n") && all.ends_with("/x"), "{all}");

    let mut client = site.connect().await;
    for path in ["/one", "/two"] {
        client.send(format!("GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!(answer.header("connection"), Some("keep-alive"));
        assert_eq!(answer.body, path);
    }
}

#[tokio::test(flavor = "local")]
async fn pipelined_requests_are_answered_in_order() {
    let site = serve(async |request: Request| {
        // The first takes longest: its answer still comes first.
        for _ in 0..10 - request.uri().path().len() {
            tokio::task::yield_now().await;
        }
        request.uri().path().to_owned()
    });
    let mut client = site.connect().await;
    let paths: Vec<String> = (1..8).map(|len| format!("/{}", "x".repeat(len))).collect();
    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send(paths.iter().map(get).collect::<String>()).await;
    for path in &paths {
        assert_eq!(&client.answer().await.body, path);
    }
}

#[tokio::test(flavor = "local")]
async fn head_204_and_304_have_no_body() {
    let site = serve(async |request: Request| match request.uri().path() {
        "/204" => Response::text("not to be seen").with_status(204),
        "/304" => Response::text("not to be seen").with_status(304),
        _ => Response::text("twelve bytes"),
    });
    for (line, status, length) in [
        ("HEAD /", 200, Some("12")),
        ("HEAD /204", 204, None),
        ("GET /204", 204, None),
        ("GET /304", 304, None),
    ] {
        let mut client = site.connect().await;
        client
            .send(format!(
                "{line} HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"
            ))
            .await;
        let head = client.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {head}");
        assert_eq!(head.contains("content-length: "), length.is_some(), "{line}: {head}");
        assert!(!head.contains("transfer-encoding"), "{line}: {head}");
        let next = client.answer().await;
        assert_eq!(next.body, "twelve bytes", "{line}: what follows is the next answer");
    }
}

#[tokio::test(flavor = "local")]
async fn a_handlers_panic_is_a_500_and_the_connection_lives_on() {
    let site = serve(async |request: Request| -> &'static str {
        assert!(request.uri().path() != "/panic", "on purpose");
        "fine"
    });
    let mut client = site.connect().await;
    client.send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), &*answer.body), (500, "Internal Server Error"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "fine");
}

#[tokio::test(flavor = "local")]
async fn a_body_may_be_read_on_after_the_answer() {
    let (sender, text) = tokio::sync::oneshot::channel();
    let sender = std::cell::RefCell::new(Some(sender));
    let site = serve(move |request: Request| {
        let sender = sender.take();
        tokio::task::spawn_local(async move {
            let text = request.into_body().text().await.unwrap();
            sender.map(|sender| sender.send(text));
        });
        async { "thank you" }
    });
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc").await;
    assert_eq!(client.answer().await.body, "thank you");
    client.send("def").await;
    assert_eq!(within(text).await.unwrap(), "abcdef");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "thank you");
}

#[tokio::test(flavor = "local")]
async fn a_panic_before_the_first_await_is_a_500_too() {
    struct Hasty;
    impl Handler for Hasty {
        fn handle(&self, _: Request) -> impl Future<Output = Response> {
            assert!(std::hint::black_box(false), "on purpose");
            async { Response::empty(200) }
        }
    }
    let mut client = serve(Hasty).connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 500);
}
