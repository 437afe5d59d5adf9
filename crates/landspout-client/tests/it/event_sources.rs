//! Server-sent events, over a handler in memory, with a clock that waits for nobody.

use crate::script::{Act, OK, Server, write};
use landspout_client::sse::{Event, EventSource, EventSourceConfig, EventSourceError};
use landspout_client::{BackoffConfig, Body, Client, Error, Request, Response};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// What a server was asked: when, and behind which event.
type Asked = Rc<RefCell<Vec<(Instant, Option<String>)>>>;

/// A client of a server that gives these answers, and then 204.
fn client(answers: impl IntoIterator<Item = Response>) -> (Client, Asked) {
    let asked = Asked::default();
    let seen = Rc::clone(&asked);
    let answers: RefCell<VecDeque<Response>> = RefCell::new(answers.into_iter().collect());
    let client = Client::over(move |request: Request| {
        let id = request.headers().get("last-event-id");
        let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        seen.borrow_mut().push((Instant::now(), id));
        assert_eq!(request.headers()["accept"], "text/event-stream");
        assert_eq!(request.headers()["cache-control"], "no-store");
        let answer = answers.borrow_mut().pop_front();
        async move { answer.unwrap_or_else(|| Response::empty(204)) }
    });
    (client, asked)
}

fn stream(body: impl Into<Body>) -> Response {
    let content_type = "text/event-stream; charset=utf-8".parse().unwrap();
    Response::new(body.into()).with_header("content-type".parse().unwrap(), content_type)
}

fn events(client: &Client, config: EventSourceConfig) -> EventSource {
    client.get("/events").events(config)
}

fn config() -> EventSourceConfig {
    EventSourceConfig::default()
}

/// The data of all events up to the end.
async fn data(source: &mut EventSource) -> Vec<String> {
    let mut data = Vec::new();
    while let Some(Event { data: next, .. }) = source.next().await.unwrap() {
        data.push(next);
    }
    data
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_that_ended_is_opened_again_behind_its_last_event() {
    let first = "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: lost, and sent again";
    let (client, asked) = client([stream(first), stream("id: 3\ndata: c\n\n")]);
    let mut source = events(&client, config());
    assert!(asked.borrow().is_empty() && !source.is_open());
    assert_eq!(source.next().await.unwrap().unwrap().id, "1");
    assert!(source.is_open());
    assert_eq!(data(&mut source).await, ["b", "c"]);
    let ids: Vec<_> = asked.borrow().iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, [None, Some("2".to_owned()), Some("3".to_owned())]);
    assert_eq!(source.next().await.unwrap(), None, "204 is the end of it");
    assert_eq!(asked.borrow().len(), 3);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_goes_on_behind_an_event_of_another_day() {
    let (client, asked) = client([stream("data: a\n\n")]);
    let mut source = events(&client, config()).after("epoch:17");
    assert_eq!(source.next().await.unwrap().unwrap().id, "epoch:17");
    assert_eq!(asked.borrow()[0].1.as_deref(), Some("epoch:17"));
    assert_eq!(source.last_id(), "epoch:17");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn what_the_server_asks_for_is_waited_before_it_is_asked_again() {
    let (client, asked) = client([stream("retry: 5000\ndata: a\n\n"), stream("data: b\n\n")]);
    assert_eq!(data(&mut events(&client, config())).await, ["a", "b"]);
    let asked = asked.borrow();
    let waits = asked.windows(2).map(|pair| pair[1].0 - pair[0].0);
    for wait in waits {
        assert!(wait >= 5 * SECOND && wait <= 6 * SECOND, "{wait:?}");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_server_that_restarts_is_asked_again_later() {
    let busy = Response::empty(503).with_header("retry-after".parse().unwrap(), 7.into());
    let (client, asked) = client([busy, Response::empty(502), stream("data: a\n\n")]);
    assert_eq!(data(&mut events(&client, config())).await, ["a"]);
    let asked = asked.borrow();
    assert!(asked[1].0 - asked[0].0 >= 7 * SECOND && asked[2].0 - asked[1].0 < SECOND);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn another_status_is_an_error_with_its_body() {
    let (client, asked) = client([Error::new(403, "members only").into()]);
    let mut source = events(&client, config());
    let Err(EventSourceError::Refused(mut response)) = source.next().await else { panic!() };
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("members only"));
    assert_eq!(source.next().await.unwrap(), None);
    assert_eq!(asked.borrow().len(), 1);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn another_content_type_is_an_error() {
    for answer in [Response::text("data: a\n\n"), Response::new(Body::from("data: a\n\n"))] {
        let (client, _) = client([answer]);
        let error = events(&client, config()).next().await.unwrap_err();
        assert!(matches!(error, EventSourceError::ContentType(_)), "{error}");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn an_event_has_a_bound() {
    let (client, asked) = client([stream("data: 12345\n\ndata: 123456\n\n")]);
    let mut source = events(&client, config().max_event(11));
    assert_eq!(source.next().await.unwrap().unwrap().data, "12345");
    let error = source.next().await.unwrap_err();
    assert_eq!(error.to_string(), "an event is longer than 11 bytes");
    assert_eq!(source.next().await.unwrap(), None);
    assert_eq!(asked.borrow().len(), 1);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_redirect_is_followed() {
    let away = Response::empty(307).with_header("location".parse().unwrap(), "/x".parse().unwrap());
    let (client, asked) = client([away, stream("data: a\n\n")]);
    assert_eq!(data(&mut events(&client, config()).after("1")).await, ["a"]);
    assert_eq!(asked.borrow()[1].1.as_deref(), Some("1"));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_stream_without_a_sign_of_life_is_opened_again() {
    let (mut writer, body) = Body::writer();
    let (client, asked) = client([stream(body), stream("data: b\n\n")]);
    let mut source = events(&client, config().idle_timeout(60 * SECOND));
    let began = Instant::now();
    let writing = async {
        writer.write("data: a\n\n").await.unwrap();
        tokio::time::sleep(50 * SECOND).await;
        writer.write(": still here\n").await.unwrap();
        writer
    };
    let reading = async {
        // Somebody who looks at something else now and then waits no longer for that.
        let mut seen = Vec::new();
        loop {
            match timeout(SECOND, source.next()).await {
                Ok(Ok(Some(event))) => seen.push(event.data),
                Ok(end) => break end.map(|_| seen),
                Err(_) => {}
            }
        }
    };
    let (_writer, seen) = tokio::join!(writing, reading);
    assert_eq!(seen.unwrap(), ["a", "b"]);
    let waited = asked.borrow()[1].0 - began;
    assert!(waited >= 110 * SECOND && waited < 112 * SECOND, "{waited:?}");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn an_answer_that_does_not_come_is_not_waited_for_for_ever() {
    let client = Client::over(|_: Request| std::future::pending::<Response>());
    let backoff = BackoffConfig::default().max_attempts(2);
    let began = Instant::now();
    let error = events(&client, config().backoff(backoff)).next().await.unwrap_err();
    assert!(matches!(error, EventSourceError::Ended), "{error}");
    assert!(began.elapsed() >= 60 * SECOND && began.elapsed() < 61 * SECOND);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn no_event_is_lost_to_whoever_stops_waiting() {
    let (mut writer, body) = Body::writer();
    let (client, asked) = client([stream(body)]);
    let mut source = events(&client, config());
    let text: String = (0..20).map(|number| format!("id: {number}\ndata: {number}\n\n")).collect();
    tokio::task::spawn_local(async move {
        for byte in text.into_bytes() {
            writer.write(vec![byte]).await.unwrap();
            tokio::time::sleep(SECOND / 10).await;
        }
        writer.finish().await.unwrap();
    });
    let mut seen = Vec::new();
    while seen.len() < 20 {
        if let Ok(event) = timeout(SECOND / 7, source.next()).await {
            seen.push(event.unwrap().unwrap().data);
        }
    }
    assert!(seen.iter().enumerate().all(|(at, data)| *data == at.to_string()), "{seen:?}");
    assert_eq!(asked.borrow().len(), 1);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_request_that_can_be_sent_once_opens_one_stream() {
    let (client, asked) = client([stream("data: a\n\n"), stream("data: b\n\n")]);
    let pieces = [Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"question"))];
    let body = Body::stream(futures_util::stream::iter(pieces));
    let mut source = client.post("/events").body(body).events(config());
    assert_eq!(source.next().await.unwrap().unwrap().data, "a");
    assert!(matches!(source.next().await, Err(EventSourceError::Ended)));
    assert_eq!(asked.borrow().len(), 1);
}

#[tokio::test]
async fn a_stream_that_breaks_over_the_network_is_opened_again() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let first = write(format!("{head}12\r\nid: 1\ndata: one\n\n\n\r\n3\r\nid:"));
    let second = write(format!("{head}b\r\ndata: two\n\n\r\n0\r\n\r\n"));
    let gone = write("HTTP/1.1 204 No Content\r\n\r\n");
    let scripts = [vec![Act::Read, first, Act::Reset], vec![Act::Read, second, Act::Read, gone]];
    let server = Server::play(scripts).await;
    let config = config().backoff(BackoffConfig::default().first(SECOND / 1000));
    let mut source = Client::new().get(server.url("/")).bearer_auth("token").events(config);
    assert_eq!(data(&mut source).await, ["one", "two"]);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(!requests[0].contains("last-event-id"));
    assert!(requests[1].contains("last-event-id: 1\r\n"), "{}", requests[1]);
    assert!(requests.iter().all(|request| request.contains("authorization: Bearer token\r\n")));
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_at_once_or_after_the_last_attempt() {
    let few = BackoffConfig::default().first(SECOND / 1000).max_attempts(2);
    let client = Client::new();
    for (url, is_invalid) in [("http://127.0.0.1:1/", false), ("no url", true)] {
        let mut source = client.get(url).events(config().backoff(few.clone()));
        let Err(EventSourceError::Fetch(error)) = source.next().await else { panic!("{url}") };
        assert_eq!((error.is_connect(), error.is_invalid_request()), (!is_invalid, is_invalid));
    }
    let plain = Server::play([vec![Act::Read, write(OK)]]).await;
    let error = client.get(plain.url("/")).events(config()).next().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer is not a text/event-stream: its content type is nothing"
    );
}

#[test]
fn it_can_go_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    let mut source = Client::new().get("http://localhost/").events(config());
    is_send(&source);
    is_send(&source.next());
}
