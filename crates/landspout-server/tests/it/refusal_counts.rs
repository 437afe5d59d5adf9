//! What is refused is counted, and told of without filling the log.

use crate::log::Log;
use crate::wire::{Site, serve_with, within};
use landspout_server::{Error, Refusal, Request, ServerConfig};
use std::time::Duration;
use tokio::time::sleep;

async fn read_all(request: Request) -> Result<String, Error> {
    request.into_body().text().await.map_err(Error::from)
}

fn site() -> Site {
    let config = ServerConfig::default()
        .first_byte_timeout(Duration::from_millis(200))
        .header_timeout(Duration::from_millis(200))
        .body_timeout(Duration::from_millis(200))
        .header_bytes(1000)
        .uri_bytes(100)
        .body_bytes(5);
    serve_with(config, read_all)
}

#[track_caller]
fn check(cause: Refusal, request: &str) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let request = request.replace('~', "\r\n");
    async move {
        let (log, _guard) = Log::install();
        let site = site();
        site.exchange(&request).await;
        let counted: Vec<_> = site.refusals.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(cause, 1)], "{request:?} at {caller}");
        let lines = log.lines("refused: ");
        assert_eq!(lines.len(), 1, "{lines:?} for {request:?} at {caller}");
        assert!(lines[0].contains(&format!("cause={cause} remote=127.0.0.1:")), "{lines:?}");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn each_refusal_is_counted_and_told_of_once() {
    let x = "x".repeat(1000);
    check(Refusal::BadRequest, "no http~~").await;
    check(Refusal::BadRequest, "GET / HTTP/1.1~~").await;
    check(Refusal::HeaderTimeout, "GET / HTTP/1.1~").await;
    check(Refusal::UriTooLong, &format!("GET /{} HTTP/1.0~~", &x[..100])).await;
    check(Refusal::HeaderTooLarge, &format!("GET / HTTP/1.0~X: {x}~~")).await;
    check(Refusal::BodyTooLarge, "POST / HTTP/1.0~Content-Length: 6~~sixsix").await;
    check(Refusal::BodyTimeout, "POST / HTTP/1.0~Content-Length: 5~~four").await;
    check(
        Refusal::BadRequest,
        "POST / HTTP/1.1~Host: a~Connection: close~Transfer-Encoding: chunked~~x~",
    )
    .await;
    check(Refusal::Expectation, "GET / HTTP/1.1~Host: a~Connection: close~Expect: a-miracle~~")
        .await;
    check(Refusal::Method, "CONNECT a:80 HTTP/1.1~Host: a~Connection: close~~").await;
    check(Refusal::FirstByteTimeout, "").await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn under_an_attack_the_log_tells_of_a_few_and_how_many_more_there_were() {
    let (log, _guard) = Log::install();
    let site = site();
    for _ in 0..40 {
        site.exchange("no http\r\n\r\n").await;
    }
    assert_eq!(site.refusals.count(Refusal::BadRequest), 40);
    let told = || log.lines("cause=bad_request remote").len();
    let suppressed = || {
        let lines = log.lines("more were refused");
        let counts = lines.iter().map(|line| line.rsplit_once("suppressed=").unwrap().1);
        counts.map(|count| count.parse::<usize>().unwrap()).sum::<usize>()
    };
    // The rest is told of when the second is over, which the loop notices while someone is there.
    let waiting = within(async {
        while told() + suppressed() < 40 {
            sleep(Duration::from_millis(50)).await;
            site.exchange("GET / HTTP/1.0\r\n\r\n").await;
        }
    });
    waiting.await;
    assert_eq!(told() + suppressed(), 40);
    assert!(suppressed() > 0);
}
