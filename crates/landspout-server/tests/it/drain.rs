//! Stopping without losing a request.

use crate::wire::{Client, serve, serve_with, within};
use landspout_server::{Body, Handler, Request, Response, Server, ServerConfig};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn fine(_: Request) -> &'static str {
    "fine"
}

#[tokio::test(flavor = "local")]
async fn what_waits_to_be_accepted_is_answered() {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = std::net::TcpStream::connect(server.local_addr()).unwrap();
            std::io::Write::write_all(&mut client, GET.as_bytes()).unwrap();
            client
        })
        .collect();
    // Nothing was accepted yet, and nothing will be after this.
    server.handle().shutdown();
    let serving = tokio::task::spawn_local(server.serve(fine));
    for client in clients {
        client.set_nonblocking(true).unwrap();
        let mut client = Client::new(TcpStream::from_std(client).unwrap());
        let answer = client.answer().await;
        assert_eq!((answer.status(), answer.header("connection")), (200, Some("close")));
    }
    let report = within(serving).await.unwrap();
    assert_eq!((report.finished, report.cut), (50, 0));
}

#[tokio::test(flavor = "local")]
async fn nobody_is_let_in_any_more() {
    let site = serve(fine);
    assert!(site.is_alive().await);
    let addr = site.addr;
    site.stop().await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test(flavor = "local")]
async fn a_request_in_flight_is_answered_and_then_the_connection_closes() {
    let (begun, go_on) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
    let (begins, waiting) = (begun.clone(), go_on.clone());
    let site = serve(move |_: Request| {
        let (begins, waiting) = (begins.clone(), waiting.clone());
        async move {
            begins.notify_one();
            waiting.notified().await;
            "at last"
        }
    });
    let mut client = site.connect().await;
    client.send(GET).await;
    within(begun.notified()).await;
    site.handle.shutdown();
    sleep(Duration::from_millis(50)).await;
    go_on.notify_one();
    let answer = client.answer().await;
    assert_eq!((&*answer.body, answer.header("connection")), ("at last", Some("close")));
    assert_eq!(client.rest().await, "");
    drop(client);
    let report = within(site.serving).await.unwrap();
    assert_eq!((report.finished, report.cut), (1, 0));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn an_idle_connection_has_the_grace_and_is_closed() {
    let grace = Duration::from_secs(3);
    let site = serve_with(ServerConfig::default().drain_grace(grace), fine);
    let (mut early, mut idle) = (site.connect().await, site.connect().await);
    for client in [&mut early, &mut idle] {
        client.send(GET).await;
        assert_eq!(client.answer().await.status(), 200);
    }
    let started = Instant::now();
    let stopping = tokio::task::spawn_local(site.stop());
    sleep(Duration::from_secs(1)).await;
    early.send(GET).await;
    let answer = early.answer().await;
    assert_eq!((answer.status(), answer.header("connection")), (200, Some("close")));
    drop(early);
    assert_eq!(idle.rest().await, "");
    drop(idle);
    assert_eq!(within(stopping).await.unwrap().cut, 0);
    assert!(started.elapsed() >= grace);
}

#[tokio::test(flavor = "local")]
async fn a_stream_that_watches_for_the_drain_ends_whole() {
    let site = serve(async |request: Request| {
        let connection = request.connection().clone();
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            writer.write("hello").await.unwrap();
            connection.draining().await;
            writer.write("bye").await.unwrap();
            writer.finish().await.unwrap();
        });
        Response::new(body)
    });
    let mut client = site.connect().await;
    client.send(GET).await;
    client.head().await;
    assert_eq!(client.take(10).await, "5\r\nhello\r\n");
    let stopping = tokio::task::spawn_local(site.stop());
    assert_eq!(client.rest().await, "3\r\nbye\r\n0\r\n\r\n");
    drop(client);
    assert_eq!(within(stopping).await.unwrap().cut, 0);
}

/// A handler that never answers, and tells that it was asked.
fn endless() -> (impl Handler + 'static, Rc<Notify>) {
    let begun = Rc::new(Notify::new());
    let begins = begun.clone();
    let handler = move |_: Request| {
        begins.notify_one();
        std::future::pending::<()>()
    };
    (handler, begun)
}

#[tokio::test(flavor = "local")]
async fn what_is_not_done_by_the_deadline_is_cut_off() {
    for limit in [Duration::ZERO, Duration::from_millis(200)] {
        let config = ServerConfig::default().drain_timeout(limit);
        let (handler, begun) = endless();
        let site = serve_with(config, handler);
        let mut client = site.connect().await;
        client.send(GET).await;
        within(begun.notified()).await;
        let report = site.stop().await;
        assert_eq!((report.finished, report.cut), (0, 1));
        assert!(client.is_reset().await);
    }
}

#[tokio::test(flavor = "local")]
async fn a_server_that_is_dropped_cuts_everything() {
    let (handler, begun) = endless();
    let site = serve(handler);
    let mut client = site.connect().await;
    client.send(GET).await;
    within(begun.notified()).await;
    site.serving.abort();
    assert!(client.is_reset().await);
    assert!(TcpStream::connect(site.addr).await.is_err());
}

/// Asks on one connection after another, each as long as it is kept; how many were answered.
async fn load(addr: std::net::SocketAddr, sent: Rc<Cell<usize>>) -> usize {
    let mut answered = 0;
    while let Ok(stream) = TcpStream::connect(addr).await {
        let mut client = Client::new(stream);
        loop {
            client.send(GET).await;
            sent.set(sent.get() + 1);
            let answer = client.answer().await;
            assert_eq!(answer.status(), 200);
            answered += 1;
            if answer.header("connection") == Some("close") {
                break;
            }
        }
    }
    answered
}

#[tokio::test(flavor = "local")]
async fn a_drain_under_load_loses_nothing() {
    let site = serve(async |_: Request| {
        sleep(Duration::from_millis(1)).await;
        "fine"
    });
    let sent = Rc::new(Cell::new(0));
    let clients: Vec<_> =
        (0..20).map(|_| tokio::task::spawn_local(load(site.addr, sent.clone()))).collect();
    within(async {
        while sent.get() < 400 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let report = site.stop().await;
    let mut answered = 0;
    for client in clients {
        answered += within(client).await.unwrap();
    }
    assert_eq!(report.cut, 0);
    assert!(answered > 100, "{answered}");
    assert_eq!(answered, sent.get());
}
