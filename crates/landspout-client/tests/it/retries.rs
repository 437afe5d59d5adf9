//! When a request goes out once more.

use crate::script::{Act, OK, Server, nobody, write};
use landspout_client::{
    Body, Client, ClientConfig, Replay, Request, RequestOptions, Response, RetryConfig,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";

fn quick(max_retries: u32) -> RetryConfig {
    RetryConfig::default().max_retries(max_retries).base_delay(Duration::from_millis(1))
}

/// A server that answers so on one connection, one after the other.
async fn answers(answers: &[&str]) -> Server {
    Server::play([answers.iter().flat_map(|answer| [Act::Read, write(answer)]).collect()]).await
}

#[tokio::test]
async fn a_passing_status_is_asked_again_and_the_attempts_are_kept() {
    let server = answers(&[BUSY, BUSY, OK]).await;
    let request = Client::new().get(server.url("/x")).retry(quick(3));
    let mut response = request.send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    let attempts = response.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].status.unwrap(), 503);
    assert_eq!(attempts[0].url, server.url("/x"));
    assert!(attempts[1].waited <= Duration::from_millis(2));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn after_the_last_attempt_the_answer_is_the_answer() {
    let server = answers(&[BUSY; 4]).await;
    let response = Client::new().get(server.url("/")).retry(quick(2)).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.attempts().len()), (503, 2));
    assert_eq!(server.requests().len(), 3);
    let response = Client::new().get(server.url("/")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.attempts().len()), (503, 0));
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let server =
        Server::play([vec![Act::Read, Act::Reset], vec![Act::Read], vec![Act::Read, write(OK)]])
            .await;
    let response = Client::new().get(server.url("/")).retry(quick(2)).send().await.unwrap();
    assert_eq!(response.attempts().len(), 2);
    assert!(response.attempts()[0].error.as_ref().unwrap().starts_with("the connection broke"));
    let server = Server::play([vec![Act::Read, Act::Reset]]).await;
    let error = Client::new().get(server.url("/")).retry(quick(2)).send().await.unwrap_err();
    assert_eq!(error.attempts().len(), 2);
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn only_what_may_be_done_twice_is_repeated() {
    for (method, repeats) in [("GET", 1), ("PUT", 1), ("DELETE", 1), ("POST", 0), ("PATCH", 0)] {
        let server = answers(&[BUSY, OK]).await;
        let request = Client::new().request(method.parse().unwrap(), server.url("/"));
        let response = request.body("x").retry(quick(1)).send().await.unwrap();
        assert_eq!(response.attempts().len(), repeats, "{method}");
    }
    let server = answers(&[BUSY, OK]).await;
    let request = Client::new().post(server.url("/")).body("data").retry(quick(1).any_method(true));
    request.send().await.unwrap();
    assert!(server.requests()[1].ends_with("\r\n\r\ndata"));
}

#[tokio::test]
async fn a_post_that_was_never_sent_is_repeated_too() {
    let (addr, _nobody) = nobody();
    let url = format!("http://{addr}/");
    let error = Client::new().post(url).body("x").retry(quick(2)).send().await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.attempts().len(), 2);
}

#[tokio::test]
async fn a_body_that_streams_is_repeated_only_if_it_can_be_made_anew() {
    let stream =
        || Body::stream(futures_util::stream::iter([Ok::<_, std::io::Error>("xyz".into())]));
    let server = answers(&[BUSY, OK]).await;
    let response = Client::new().put(server.url("/")).body(stream()).retry(quick(1)).send().await;
    assert_eq!(response.unwrap().status(), 503);
    let server = answers(&[BUSY, OK]).await;
    let request = Client::new().put(server.url("/")).replay(Replay::new(stream));
    assert_eq!(request.retry(quick(1)).send().await.unwrap().status(), 200);
    assert_eq!(server.requests()[0], server.requests()[1]);
}

#[tokio::test]
async fn what_lasts_is_not_repeated() {
    let server = Server::answering("nonsense\r\n\r\n").await;
    let error = Client::new().get(server.url("/")).retry(quick(3)).send().await.unwrap_err();
    assert!(error.is_malformed());
    assert_eq!(server.connections(), 1);
    let server = answers(&["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]).await;
    Client::new().get(server.url("/")).retry(quick(3)).send().await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// A client over a handler that answers 503 with this `Retry-After` the first few times.
fn busy(times: usize, retry_after: &'static str) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let handler = move |_: Request| {
        let count = seen.fetch_add(1, Relaxed);
        async move {
            if count >= times {
                return Response::text("at last");
            }
            let mut response = Response::text("busy").with_status(503);
            if !retry_after.is_empty() {
                response.headers_mut().insert("retry-after", retry_after.parse().unwrap());
            }
            response
        }
    };
    (Client::over(handler), asked)
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn retry_after_is_waited_for_and_not_beyond_its_bound() {
    let (client, _) = busy(1, "7");
    let began = Instant::now();
    let response = client.get("/").retry(quick(1)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(began.elapsed().as_secs(), 7);
    let (client, asked) = busy(1, "31");
    assert_eq!(client.get("/").retry(quick(1)).send().await.unwrap().status(), 503);
    assert_eq!(asked.load(Relaxed), 1);
    let (client, _) = busy(1, "31");
    let retry = quick(1).max_retry_after(Duration::ZERO);
    let began = Instant::now();
    assert_eq!(client.get("/").retry(retry).send().await.unwrap().status(), 200);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn waits_grow_and_stay_within_the_time_of_the_request() {
    let (client, _) = busy(8, "");
    let retry = RetryConfig::default().max_retries(8).base_delay(Duration::from_secs(1));
    let request = client.get("/").retry(retry).timeout(Duration::from_secs(1000));
    let response = request.send().await.unwrap();
    let bounds = [1, 2, 4, 8, 10, 10, 10, 10].map(Duration::from_secs);
    let waits: Vec<_> = response.attempts().iter().map(|attempt| attempt.waited).collect();
    assert_eq!(waits.len(), 8);
    assert!(waits.iter().zip(bounds).all(|(wait, bound)| *wait <= bound), "{waits:?}");
    assert!(waits.windows(2).any(|pair| pair[0] != pair[1]), "they are random");

    let (client, _) = busy(1, "20");
    let request = client.get("/").retry(quick(1)).timeout(Duration::from_secs(10));
    assert_eq!(request.send().await.unwrap().status(), 503, "the wait would be longer than it may");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn the_budget_is_shared_by_all_requests_of_a_client() {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let config = ClientConfig::default().retry_budget(3).retry(quick(1));
    let handler = move |_: Request| {
        seen.fetch_add(1, Relaxed);
        async { http::StatusCode::SERVICE_UNAVAILABLE }
    };
    let client = Client::over_with_config(handler, config);
    for _ in 0..13 {
        assert_eq!(client.clone().get("/").send().await.unwrap().status(), 503);
    }
    // Three to begin with, and two that the requests have given back.
    assert_eq!(asked.load(Relaxed), 13 + 5);
    assert_eq!(client.metrics().retries, 5);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_request_can_have_another_policy_than_its_client() {
    let (client, asked) = busy(2, "");
    let client = client.with_defaults(RequestOptions::default().retry(quick(2)));
    assert_eq!(client.get("/").send().await.unwrap().status(), 200);
    assert_eq!(asked.swap(0, Relaxed), 3);
    let response = client.get("/").retry(RetryConfig::default()).send().await.unwrap();
    assert_eq!((response.status().as_u16(), asked.load(Relaxed)), (503, 1));
}

#[test]
fn a_policy_reads_from_a_file() {
    let text = "retry = { max_retries = 2, base_delay = 0.5, statuses = [500] }";
    let config: ClientConfig = toml::from_str(text).unwrap();
    let retry = RetryConfig::default().max_retries(2).base_delay(Duration::from_millis(500));
    assert_eq!(config.retry, retry.statuses([500]));
}
