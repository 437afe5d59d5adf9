//! Clients that are too slow.

use crate::wire::{Answer, serve, serve_with, within};
use landspout_server::Refusal::{HandlerTimeout, WriteTimeout};
use landspout_server::{Body, Error, Handler, Request, Response, ServerConfig};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Twice the tick, so that most of the wait is not rounding.
const SHORT: Duration = Duration::from_millis(200);

async fn read_all(request: Request) -> Result<String, Error> {
    Ok(request.into_body().text().await?)
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_silent_new_connection_is_closed_without_a_word() {
    let site = serve_with(ServerConfig::default().first_byte_timeout(SHORT), read_all);
    let started = Instant::now();
    assert_eq!(site.connect().await.rest().await, "");
    let waited = started.elapsed();
    assert!(waited >= SHORT && waited < Duration::from_secs(5), "{waited:?}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_head_that_takes_too_long_is_answered_408() {
    let site = serve_with(ServerConfig::default().header_timeout(SHORT), read_all);
    let mut client = site.connect().await;
    let started = Instant::now();
    // Each byte comes in time, the head does not.
    let dripping = async {
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')) {
            if started.elapsed() > Duration::from_secs(2) {
                break;
            }
            client.send([byte]).await;
            sleep(Duration::from_millis(5)).await;
            if client.has_answer() {
                break;
            }
        }
        client.rest().await
    };
    let all = within(dripping).await;
    assert!(all.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{all}");
    let waited = started.elapsed();
    assert!(waited >= SHORT && waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn an_idle_connection_is_closed() {
    let config = ServerConfig::default().idle_timeout(SHORT);
    let site = serve_with(config, read_all);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200);
    let started = Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(started.elapsed() >= SHORT - Duration::from_millis(10));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_stops_coming_is_answered_408() {
    let site = serve_with(ServerConfig::default().body_timeout(SHORT), read_all);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), &*answer.body), (408, "the body did not arrive in time"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_keeps_coming_may_take_longer_than_the_limit() {
    let site = serve_with(ServerConfig::default().body_timeout(SHORT * 3), read_all);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").await;
    for byte in "ninebytes".bytes() {
        sleep(SHORT / 2).await;
        client.send([byte]).await;
    }
    assert_eq!(client.answer().await.body, "ninebytes");
}

/// A client that sends a byte every 20 ms; what it gets, and when.
async fn drip(config: ServerConfig) -> (Answer, Duration) {
    let site = serve_with(config.body_timeout(Duration::from_secs(5)), read_all);
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n").await;
    let started = Instant::now();
    while !client.has_answer() && started.elapsed() < Duration::from_secs(5) {
        client.send("x").await;
        sleep(Duration::from_millis(20)).await;
    }
    (client.answer().await, started.elapsed())
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_drips_is_answered_408_after_the_grace() {
    // Each byte comes in time. 50 bytes come in a second, and 1000 are wanted.
    let grace = Duration::from_millis(400);
    let (answer, waited) = drip(ServerConfig::default().body_rate(1000).rate_grace(grace)).await;
    assert_eq!((answer.status(), &*answer.body), (408, "the body did not arrive in time"));
    assert!(waited >= grace && waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_may_drip_as_fast_as_the_least_rate() {
    let (answer, waited) = drip(
        ServerConfig::default()
            .body_rate(10)
            .rate_grace(SHORT)
            .body_total_timeout(Duration::from_millis(1000)),
    )
    .await;
    assert_eq!(answer.status(), 408, "at the end of the total time");
    assert!(waited >= Duration::from_millis(990) && waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_that_does_not_read_is_not_a_slow_client() {
    let config = ServerConfig::default()
        .body_timeout(SHORT)
        .body_rate(1_000_000)
        .rate_grace(SHORT)
        .body_total_timeout(SHORT);
    let site = serve_with(config, async |request: Request| {
        sleep(SHORT * 4).await;
        read_all(request).await
    });
    let mut client = site.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody").await;
    assert_eq!(client.answer().await.body, "body");
}

#[tokio::test(flavor = "local")]
async fn a_client_that_sips_its_answer_is_reset() {
    let config = ServerConfig::default().write_rate(64 << 20).rate_grace(SHORT * 2);
    let site = serve_with(config, async |_: Request| vec![b'x'; 64 << 20]);
    let mut client = site.connect().await;
    let started = Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.head().await;
    // It takes 10 MiB in a second, so that something is always moving, and 64 are wanted.
    while started.elapsed() < Duration::from_secs(20) && site.refusals.count(WriteTimeout) == 0 {
        client.take(200 << 10).await;
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.refusals.count(WriteTimeout), 1);
    assert!(started.elapsed() >= SHORT * 2, "{:?}", started.elapsed());
    assert!(client.is_reset().await);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_that_takes_too_long_is_answered_for_with_503() {
    let done = std::rc::Rc::new(std::cell::Cell::new(false));
    let reached = done.clone();
    let config = ServerConfig::default().handler_timeout(SHORT);
    let site = serve_with(config, move |request: Request| {
        let reached = reached.clone();
        async move {
            if request.uri().path() == "/slow" {
                sleep(SHORT * 4).await;
                reached.set(true);
            }
            "done"
        }
    });
    let mut client = site.connect().await;
    let started = Instant::now();
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("5")));
    assert!(started.elapsed() >= SHORT && started.elapsed() < Duration::from_secs(5));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "done", "the connection goes on");
    sleep(SHORT * 5).await;
    assert!(!done.get(), "the handler was dropped");
    assert_eq!(site.refusals.count(HandlerTimeout), 1);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_may_have_a_time_of_its_own() {
    async fn slow(_: Request) -> &'static str {
        sleep(SHORT * 3).await;
        "done"
    }
    let config = ServerConfig::default().handler_timeout(SHORT);
    for (limit, status) in [(Duration::ZERO, 200), (SHORT * 2, 503), (SHORT * 10, 200)] {
        let site = serve_with(config.clone(), slow.time_limit(limit));
        let mut client = site.connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), status, "{limit:?}");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn the_time_of_a_handler_ends_with_the_head_of_its_answer() {
    let site = serve_with(ServerConfig::default().handler_timeout(SHORT), async |_: Request| {
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            sleep(SHORT * 4).await;
            writer.write("late").await.unwrap();
            writer.finish().await.unwrap();
        });
        sleep(SHORT / 4).await;
        Response::new(body)
    });
    let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(all.ends_with("4\r\nlate\r\n0\r\n\r\n"), "{all}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_may_take_longer_than_any_limit_on_clients() {
    let config = ServerConfig::default()
        .idle_timeout(SHORT)
        .header_timeout(SHORT)
        .body_timeout(SHORT)
        .write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| {
        sleep(SHORT * 4).await;
        "at last"
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "at last");
}

#[tokio::test(flavor = "local")]
async fn a_client_that_does_not_read_is_reset() {
    let config = ServerConfig::default().write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| vec![b'x'; 64 << 20]);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    within(async {
        while site.refusals.count(WriteTimeout) == 0 {
            sleep(SHORT / 4).await;
        }
    })
    .await;
    assert!(client.is_reset().await);
}

#[tokio::test(flavor = "local")]
async fn a_client_that_reads_slowly_gets_everything() {
    // Longer than a busy machine keeps a thread waiting, and shorter than it reads.
    let config = ServerConfig::default().write_timeout(SHORT * 10);
    let site = serve_with(config, async |_: Request| vec![b'x'; 16 << 20]);
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    client.head().await;
    let mut left: usize = 16 << 20;
    while left > 0 {
        let len = left.min(2 << 20);
        client.take(len).await;
        left -= len;
        sleep(SHORT * 3 / 2).await;
    }
    assert_eq!(client.rest().await, "");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_with_nothing_to_say_is_left_alone() {
    let config = ServerConfig::default().idle_timeout(SHORT).write_timeout(SHORT);
    let site = serve_with(config, async |_: Request| {
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            writer.write("one").await.unwrap();
            sleep(SHORT * 4).await;
            writer.write("two").await.unwrap();
            writer.finish().await.unwrap();
        });
        Response::new(body)
    });
    let all = site.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(all.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{all}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn zero_is_no_deadline() {
    let none = Duration::ZERO;
    let config =
        ServerConfig::default().idle_timeout(none).first_byte_timeout(none).header_timeout(none);
    let site = serve_with(config, read_all);
    let mut client = site.connect().await;
    sleep(SHORT * 2).await;
    client.send("GET / HTTP/1.1\r\n").await;
    sleep(SHORT * 2).await;
    client.send("Host: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 200);
    assert!(serve(read_all).is_alive().await);
}
