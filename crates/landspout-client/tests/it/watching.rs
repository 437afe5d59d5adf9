//! What whoever watches gets to see.

use crate::script::{Act, OK, Server, at_once, write};
use landspout_client::{
    Attempt, Client, ClientConfig, End, Outcome, Redirect, Request, RequestOptions, RetryConfig,
    TraceContext, Watch, Watched, Watcher,
};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, request: &Watched, what: String) {
        self.0.lock().unwrap().push(format!("{} {what}", request.id));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Watch for Log {
    fn on_start(&self, request: &Watched) {
        self.add(request, format!("start {} {}", request.method, request.url.contains("secret")));
    }

    fn on_connect(&self, request: &Watched, peer: Option<SocketAddr>, is_reused: bool) {
        self.add(request, format!("connect {} {is_reused}", peer.is_some()));
    }

    fn on_retry(&self, request: &Watched, attempt: &Attempt) {
        self.add(request, format!("retry {}", attempt.status.unwrap()));
    }

    fn on_redirect(&self, request: &Watched, redirect: &Redirect) {
        self.add(request, format!("redirect {}", redirect.status.as_u16()));
    }

    fn on_head(&self, request: &Watched, status: http::StatusCode, headers: &http::HeaderMap) {
        self.add(request, format!("head {} {}", status.as_u16(), headers.len()));
    }

    fn on_end(&self, request: &Watched, end: &End<'_>) {
        let outcome = match end.outcome {
            Outcome::Failed(_) => "failed".to_owned(),
            other => format!("{other:?}"),
        };
        assert!(end.timings.total.is_some());
        self.add(request, format!("{outcome} {}", end.bytes));
    }
}

fn watched() -> (Client, Arc<Log>) {
    let log = Arc::new(Log::default());
    let options = RequestOptions::default().watch(Watcher::new(Arc::clone(&log)));
    (Client::new().with_defaults(options), log)
}

#[tokio::test]
async fn a_watcher_sees_each_step() {
    let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    let to = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let script = [busy, to, OK].into_iter().flat_map(|answer| [Act::Read, write(answer)]);
    let server = Server::play([script.collect::<Vec<_>>()]).await;
    let (client, log) = watched();
    let retry = RetryConfig::default().max_retries(1).base_delay(Duration::ZERO);
    let url = format!("http://me:secret@{}/", server.addr);
    client.get(url).retry(retry).send().await.unwrap().bytes().await.unwrap();
    let expected = [
        "1 start GET false",
        "1 connect true false",
        "1 retry 503 Service Unavailable",
        "1 connect true true",
        "1 redirect 302",
        "1 connect true true",
        "1 head 200 1",
        "1 Complete 5",
    ];
    assert_eq!(log.take(), expected);
}

#[tokio::test]
async fn a_watcher_sees_how_it_ends() {
    let (client, log) = watched();
    let server = Server::answering(OK).await;
    drop(client.get(server.url("/")).send().await.unwrap());
    assert_eq!(log.take().last().unwrap(), "1 Abandoned 0");
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").await;
    assert!(client.get(server.url("/")).send().await.unwrap().bytes().await.is_err());
    assert_eq!(log.take().last().unwrap(), "2 failed 5");
    assert!(client.get("http://127.0.0.1:1/").send().await.is_err());
    assert_eq!(log.take(), ["3 start GET false", "3 failed 0"]);
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    client.get(server.url("/")).send().await.unwrap();
    assert_eq!(log.take().last().unwrap(), "4 Complete 0");
}

#[tokio::test(start_paused = true)]
async fn a_client_counts_what_became_of_its_requests() {
    let client = Client::new();
    let server = Server::answering(OK).await;
    at_once(async {
        client.get(server.url("/")).send().await.unwrap().bytes().await.unwrap();
        client.clone().get("http://127.0.0.1:1/").send().await.unwrap_err();
    })
    .await;
    let silent = Server::play([vec![Act::Read, Act::Hold]]).await;
    let limit = Duration::from_millis(10);
    let late = client.get(silent.url("/")).timeout(limit);
    let (answer, ()) = tokio::join!(late.send(), silent.has_read(1));
    answer.unwrap_err();
    let cut = tokio::time::timeout(limit, client.get(silent.url("/")).send());
    let (cut, ()) = tokio::join!(cut, silent.has_read(2));
    cut.unwrap_err();
    let going = client.get(silent.url("/")).send_with(|_| {});
    silent.has_read(3).await;
    let metrics = client.metrics();
    assert_eq!((metrics.requests, metrics.in_flight), (5, 1));
    assert_eq!(metrics.answers, [0, 1, 0, 0, 0]);
    assert_eq!((metrics.failures, metrics.timeouts, metrics.cancelled), (1, 1, 1));
    assert_eq!((metrics.bytes_received, metrics.redirects, metrics.retries), (5, 0, 0));
    going.cancel();
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn a_trace_goes_along_if_there_is_one() {
    let server = Server::answering(OK).await;
    let context = TraceContext::parse(PARENT, Some("vendor=1")).unwrap();
    let client = Client::new();
    client.get(server.url("/")).trace(context.clone()).send().await.unwrap();
    let mut request = Request::get(&server.url("/"));
    request.extensions_mut().insert(context.clone());
    client.fetch(request).await.unwrap();
    client.get(server.url("/")).trace(context).header("traceparent", "own").send().await.unwrap();
    client.get(server.url("/")).send().await.unwrap();
    let seen = server.requests();
    for request in &seen[..2] {
        assert!(request.contains(&format!("traceparent: {PARENT}\r\n")), "{request}");
        assert!(request.contains("tracestate: vendor=1\r\n"));
    }
    assert!(seen[2].contains("traceparent: own\r\n"));
    assert!(!seen[3].contains("trace"));
}

#[test]
fn a_trace_is_read_by_the_rules() {
    let later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes";
    assert_eq!(TraceContext::parse(later, None).unwrap().to_string(), PARENT);
    for bad in [
        "",
        "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-001",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ä0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "+0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(TraceContext::parse(bad, None), None, "{bad}");
    }
    let random = TraceContext::random(true);
    assert_ne!(random.trace_id(), TraceContext::random(true).trace_id());
    assert_eq!(TraceContext::parse(&random.to_string(), None), Some(random));
    let mut headers = http::HeaderMap::new();
    headers.insert("traceparent", PARENT.parse().unwrap());
    headers.append("tracestate", "a=1".parse().unwrap());
    headers.append("tracestate", "b=2".parse().unwrap());
    let context = TraceContext::from_headers(&headers).unwrap();
    assert_eq!(context, TraceContext::parse(PARENT, Some("a=1,b=2")).unwrap());
}

#[test]
fn each_request_has_a_span() {
    use std::io::Write;
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let server = Server::answering(OK).await;
            let url = format!("http://me:secret@{}/path", server.addr);
            Client::new().get(url).send().await.unwrap();
            Client::new().get("http://127.0.0.1:1/").send().await.unwrap_err();
        });
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("fetch{method=GET url=http://127.0.0.1:"), "{text}");
    assert!(text.contains("/path status=200}") && !text.contains("secret"), "{text}");
    assert!(text.contains("error=GET http://127.0.0.1:1/: could not connect}"), "{text}");
}

#[tokio::test]
async fn headers_of_the_client_give_way_and_can_be_left_out() {
    let server = Server::answering(OK).await;
    let config = ClientConfig::default().header("x-default", "1").header("accept", "text/html");
    let client = Client::with_config(config);
    client.get(server.url("/")).send().await.unwrap();
    client.get(server.url("/")).header("X-Default", "2").send().await.unwrap();
    let names = ["x-default", "accept", "user-agent", "accept-encoding"];
    let bare = names.into_iter().fold(client.get(server.url("/")), |request, name| {
        request.without_header(http::HeaderName::from_static(name))
    });
    bare.send().await.unwrap();
    let seen = server.requests();
    assert!(seen[0].contains("x-default: 1\r\n") && seen[0].contains("accept: text/html\r\n"));
    assert!(seen[1].contains("x-default: 2\r\n") && !seen[1].contains("x-default: 1"));
    assert_eq!(seen[2].lines().filter(|line| !line.is_empty()).count(), 2, "{}", seen[2]);
    let broken = Client::with_config(ClientConfig::default().header("a b", "c"));
    let error = broken.get(server.url("/")).send().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
}

#[tokio::test]
async fn two_hosts_are_refused() {
    let mut request = Request::get("http://127.0.0.1:1/");
    request.headers_mut().append("host", "a".parse().unwrap());
    request.headers_mut().append("host", "b".parse().unwrap());
    let error = Client::new().fetch(request).await.unwrap_err();
    assert!(error.is_invalid_request());
    assert!(format!("{error:?}").ends_with("there is more than one Host"));
}
