//! More than is allowed.

use crate::wire::{Client, serve, serve_with, within};
use landspout_server::{Handler, ProxyConfig, Refusal, Request, ServerConfig};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use tokio::time::sleep;

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
async fn without_a_limit_of_its_own_a_head_has_as_many_lines_as_fit_a_table() {
    let config = ServerConfig::default().header_count(usize::MAX).header_bytes(1 << 20);
    check(200, config.clone(), get("/", &"X:\r\n".repeat(16_000))).await;
    check(431, config, get("/", &"X:\r\n".repeat(30_000))).await;
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
async fn a_connection_too_many_from_one_address_is_answered_503() {
    let site = serve_with(ServerConfig::default().address_connections(2), fine);
    let mut own = [site.connect().await, site.connect().await];
    for client in &mut own {
        client.send(get("/", "")).await;
        assert_eq!(client.answer().await.status(), 200);
    }
    let mut third = site.connect().await;
    third.send(get("/", "")).await;
    assert_eq!(third.answer().await.status(), 503);
    assert_eq!(site.refusals.count(Refusal::PerAddress), 1);

    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = Client::new(socket.connect(site.addr).await.unwrap());
    other.send(get("/", "")).await;
    assert_eq!(other.answer().await.status(), 200, "another client is let in");

    let [mut first, _second] = own;
    first.send(get("/", "Connection: close\r\n")).await;
    first.rest().await;
    drop(first);
    within(async {
        while !site.exchange(get("/", "Connection: close\r\n")).await.contains(" 200 ") {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "local")]
async fn a_trusted_proxy_may_have_any_number_of_connections() {
    let proxies = ProxyConfig::default().trust("127.0.0.0/8".parse().unwrap());
    let site = serve_with(ServerConfig::default().address_connections(1).proxies(proxies), fine);
    let _first = site.connect().await;
    assert!(site.exchange(get("/", "Connection: close\r\n")).await.contains(" 200 "));
}

#[tokio::test(flavor = "local")]
async fn a_request_too_many_is_answered_503() {
    let release = Rc::new(Notify::new());
    let released = release.clone();
    let site = serve_with(ServerConfig::default().max_requests(1), move |request: Request| {
        let released = released.clone();
        async move {
            if request.uri().path() == "/slow" {
                released.notified().await;
            }
            "done"
        }
    });
    let mut first = site.connect().await;
    first.send(get("/slow", "")).await;
    let mut second = site.connect().await;
    for _ in 0..2 {
        second.send(get("/", "")).await;
        let answer = second.answer().await;
        assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("5")));
        assert_eq!(answer.header("connection"), None, "it may ask again");
    }
    release.notify_one();
    assert_eq!(first.answer().await.status(), 200);
    second.send(get("/", "")).await;
    assert_eq!(second.answer().await.status(), 200, "there is room again");
    assert_eq!(site.refusals.count(Refusal::InFlight), 2);
}

#[tokio::test(flavor = "local")]
async fn a_connection_may_be_limited_to_a_number_of_requests() {
    let site = serve_with(ServerConfig::default().connection_requests(3), fine);
    let mut client = site.connect().await;
    for close in [None, None, Some("close")] {
        client.send(get("/", "")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status(), answer.header("connection")), (200, close));
    }
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn a_connection_may_be_limited_to_an_age() {
    let age = Duration::from_millis(300);
    let site = serve_with(ServerConfig::default().connection_age(age), fine);
    let mut client = site.connect().await;
    let started = Instant::now();
    loop {
        client.send(get("/", "")).await;
        let answer = client.answer().await;
        assert_eq!(answer.status(), 200);
        if answer.header("connection") == Some("close") {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(started.elapsed() >= age && started.elapsed() < Duration::from_secs(20));
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local")]
async fn another_host_than_those_that_are_served_is_answered_421() {
    let hosts = ["example.org", "*.example.net"].map(str::to_owned);
    let config = ServerConfig::default().hosts(hosts.into());
    let ask = |line: &str| format!("{line}\r\n\r\n");
    check(200, config.clone(), ask("GET / HTTP/1.1\r\nHost: Example.org:81")).await;
    check(200, config.clone(), ask("GET / HTTP/1.1\r\nHost: a.example.net")).await;
    check(200, config.clone(), ask("GET http://example.org/ HTTP/1.1\r\nHost: b")).await;
    check(421, config.clone(), ask("GET / HTTP/1.1\r\nHost: example.com")).await;
    check(421, config.clone(), ask("GET http://b/ HTTP/1.1\r\nHost: example.org")).await;
    check(421, config, ask("GET / HTTP/1.0")).await;
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
