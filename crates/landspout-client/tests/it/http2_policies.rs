//! What a request does beyond being sent, over HTTP/2: it is what it does over HTTP/1.1.

use crate::script::at_once;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use landspout_client::{
    Client, ClientConfig, CookieJar, Credentials, HttpVersion, PoolStats, RetryConfig,
};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpListener;

/// An answer: its head, its body in pieces, and what comes after it; without that it never ends.
type Answer = (Response<()>, Vec<Bytes>, Option<HeaderMap>);

/// A server that answers by this function, which is told how many requests came before.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn new(answer: fn(usize, &Request<()>, &[u8]) -> Answer) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, seen) = (Arc::clone(&connections), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                counted.fetch_add(1, Relaxed);
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(io).await.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(serve(seen.fetch_add(1, Relaxed), request, respond, answer));
                    }
                });
            }
        });
        Server { url, connections }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

async fn serve(
    number: usize,
    request: Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    answer: fn(usize, &Request<()>, &[u8]) -> Answer,
) {
    let (head, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        bytes.extend(piece);
    }
    let (response, pieces, end) = answer(number, &Request::from_parts(head, ()), &bytes);
    let mut stream = respond.send_response(response, false).unwrap();
    for piece in pieces {
        stream.send_data(piece, false).unwrap();
    }
    match end {
        Some(trailers) => stream.send_trailers(trailers).unwrap(),
        None => drop(std::future::poll_fn(|cx| stream.poll_reset(cx)).await),
    }
}

fn whole(response: http::response::Builder, body: impl Into<Bytes>) -> Answer {
    (response.body(()).unwrap(), vec![body.into()], Some(HeaderMap::new()))
}

fn client() -> Client {
    Client::with_config(ClientConfig::default().http_version(HttpVersion::Http2))
}

async fn settled(client: &Client) -> PoolStats {
    let wait = async {
        while client.pool_stats().streams > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
    client.pool_stats()
}

fn header<'a>(request: &'a Request<()>, name: &str) -> &'a str {
    request.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn redirects_cookies_and_compression() {
    let server = Server::new(|_, request, body| {
        assert_eq!(body, b"order", "{request:?}");
        if request.uri().path() == "/" {
            let head = Response::builder().status(307).header("location", "/next");
            return whole(head.header("set-cookie", "sid=7"), "moved");
        }
        assert_eq!(header(request, "cookie"), "sid=7");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"done").unwrap();
        whole(Response::builder().header("content-encoding", "gzip"), gzip.finish().unwrap())
    })
    .await;
    let client = client();
    let request = client.post(server.url("/")).body("order").cookies(CookieJar::new());
    let mut response = request.send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "done");
    assert_eq!(response.history().len(), 1);
    assert_eq!((server.connections.load(Relaxed), settled(&client).await.idle), (1, 1));
}

#[tokio::test]
async fn repetitions_and_challenges() {
    let server = Server::new(|number, request, body| {
        assert_eq!(body, b"order");
        let head = Response::builder();
        match (number, header(request, "authorization")) {
            (0, "") => whole(head.status(503).header("retry-after", "0"), "busy"),
            (1, "") => {
                let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
                whole(head.status(401).header("www-authenticate", challenge), "who?")
            }
            (2, digest) if digest.contains("uri=\"/\"") => whole(head, "done"),
            other => unreachable!("{other:?}"),
        }
    })
    .await;
    let client = client();
    let request = client.put(server.url("/")).body("order");
    let request = request.credentials(Credentials::digest("me", "secret"));
    let mut response = request.retry(RetryConfig::default().max_retries(1)).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "done");
    assert_eq!(response.attempts().len(), 1);
    assert_eq!((server.connections.load(Relaxed), settled(&client).await.idle), (1, 1));
}

#[tokio::test]
async fn trailers_come_after_the_body() {
    let server = Server::new(|_, _, _| {
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "9".parse().unwrap())]);
        (Response::new(()), vec!["body".into()], Some(trailers))
    })
    .await;
    let mut response = client().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "body");
    assert_eq!(response.trailers().unwrap()["x-sum"], "9");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_read_to_its_end_costs_its_stream_only() {
    let server = Server::new(|_, request, _| match request.uri().path() {
        "/endless" => (Response::new(()), vec![vec![b'x'; 50_000].into()], None),
        _ => whole(Response::builder(), "short"),
    })
    .await;
    let client = client();
    let endless = || client.get(server.url("/endless"));
    at_once(async {
        let mut dropped = endless().send().await.unwrap();
        dropped.chunk().await.unwrap().unwrap();
        drop(dropped);
        let short = endless().max_body_size(10_000).send();
        let error = short.await.unwrap().bytes().await.unwrap_err();
        assert!(error.is_too_large(), "{error:?}");
    })
    .await;
    for request in [
        endless().read_timeout(Duration::from_millis(20)),
        endless().timeout(Duration::from_millis(30)),
    ] {
        let mut response = at_once(request.send()).await.unwrap();
        at_once(response.chunk()).await.unwrap().unwrap();
        let error = response.bytes().await.unwrap_err();
        assert!(error.is_timeout() && error.is_body(), "{error:?}");
    }
    let text = async { client.get(server.url("/")).send().await.unwrap().text().await.unwrap() };
    assert_eq!(at_once(text).await, "short");
    let stats = settled(&client).await;
    assert_eq!((stats.in_use, stats.idle, stats.waiting), (0, 1, 0));
    assert_eq!(server.connections.load(Relaxed), 1);
}
