//! More than is allowed.

use crate::wire::{serve, serve_with};
use landspout_server::{Handler, Request, ServerConfig};

async fn fine(_: Request) -> &'static str {
    "fine"
}

#[track_caller]
fn check(status: u16, config: ServerConfig, request: String) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let site = serve_with(config, fine);
        let mut client = site.connect().await;
        client.send(request).await;
        let answer = client.answer().await;
        assert_eq!(answer.status(), status, "at {caller}");
        assert!(site.is_alive().await);
    }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
}

#[tokio::test(flavor = "local")]
async fn a_target_that_is_too_long_is_answered_414() {
    let config = ServerConfig::default().uri_bytes(100);
    check(200, config.clone(), get(&format!("/{}", "x".repeat(99)), "")).await;
    check(414, config.clone(), get(&format!("/{}", "x".repeat(100)), "")).await;
    check(414, config, get(&format!("http://a/{}", "x".repeat(99)), "")).await;
}

#[tokio::test(flavor = "local")]
async fn a_head_that_is_too_large_is_answered_431() {
    let config = ServerConfig::default().header_bytes(1000);
    check(200, config.clone(), get("/", &format!("X: {}\r\n", "x".repeat(900)))).await;
    check(431, config.clone(), get("/", &format!("X: {}\r\n", "x".repeat(1000)))).await;
    check(431, config, get(&format!("/{}", "x".repeat(1000)), "")).await;
}

#[tokio::test(flavor = "local")]
async fn too_many_header_lines_are_answered_431() {
    let lines = |count: usize| "X: y\r\n".repeat(count - 1);
    for (config, most) in
        [(ServerConfig::default(), 100), (ServerConfig::default().header_count(5), 5)]
    {
        check(200, config.clone(), get("/", &lines(most))).await;
        check(431, config, get("/", &lines(most + 1))).await;
    }
}

#[tokio::test(flavor = "local")]
async fn a_method_that_is_too_long_is_answered_501() {
    let request = |method: String| format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
    check(200, ServerConfig::default(), request("M".repeat(32))).await;
    check(501, ServerConfig::default(), request("M".repeat(33))).await;
}

#[tokio::test(flavor = "local")]
async fn a_handler_may_have_a_limit_of_its_own_on_the_body() {
    async fn len(request: Request) -> Result<String, landspout_server::Error> {
        Ok(request.into_body().bytes().await?.len().to_string())
    }
    for (own, status) in [(2, 413), (1_000_000, 200)] {
        let site = serve_with(ServerConfig::default().body_bytes(2), len.body_limit(own));
        let mut client = site.connect().await;
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").await;
        assert_eq!(client.answer().await.status(), status);
    }
}

#[tokio::test(flavor = "local")]
async fn a_connection_too_many_is_answered_503() {
    let site = serve_with(ServerConfig::default().max_connections(1), fine);
    let mut first = site.connect().await;
    first.send(get("/", "")).await;
    assert_eq!(first.answer().await.status(), 200);

    let mut second = site.connect().await;
    second.send(get("/", "")).await;
    let answer = second.answer().await;
    assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("5")));
    assert_eq!(second.rest().await, "");

    first.send(get("/", "Connection: close\r\n")).await;
    first.rest().await;
    drop(first);
    let mut third = site.connect().await;
    third.send(get("/", "")).await;
    assert_eq!(third.answer().await.status(), 200, "there is room again");
}

#[tokio::test(flavor = "local")]
async fn a_head_may_come_in_pieces_of_any_size() {
    let site = serve(fine);
    let request = get("/", "X: y\r\n");
    for size in [1, 2, 3, 7, 20] {
        let mut client = site.connect().await;
        for piece in request.as_bytes().chunks(size) {
            client.send(piece).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(client.answer().await.body, "fine");
    }
}
