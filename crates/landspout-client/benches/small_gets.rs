//! 20 000 small GETs, 64 at a time, by this client, by hyper-util's legacy client and by bare hyper
//! connections, in turns, against one server on a thread of its own: the rate, and the processor
//! time of the client's thread.

mod loopback;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use landspout_client::{Client, ClientConfig};
use loopback::{cpu, runtime, start_server};
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUESTS: usize = 20_000;
const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;

/// Answers whatever comes, as fast as it can.
async fn serve(mut stream: TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\
        content-length: 13\r\n\r\nHello, world!";
    let mut head = [0; 4096];
    while stream.read(&mut head).await.is_ok_and(|read| read > 0) {
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// What requests took.
struct Cost {
    /// Requests in a second.
    rate: f64,
    /// Microseconds of processor time for each.
    cpu: f64,
}

/// Runs a loop of requests in each of many tasks.
async fn measure<F: Future<Output = ()>>(user: impl Fn() -> F) -> Cost {
    let (start, before) = (Instant::now(), cpu());
    futures_util::future::join_all((0..AT_ONCE).map(|_| user())).await;
    let rate = REQUESTS as f64 / start.elapsed().as_secs_f64();
    Cost { rate, cpu: (cpu() - before).as_secs_f64() * 1e6 / REQUESTS as f64 }
}

/// Whether there is one more request to make.
fn next(left: &Cell<usize>) -> bool {
    left.replace(left.get().saturating_sub(1)) > 0
}

async fn landspout(addr: SocketAddr) -> Cost {
    let client = Client::with_config(ClientConfig::default().max_connections_per_host(AT_ONCE));
    let (url, left) = (format!("http://{addr}/"), Cell::new(REQUESTS));
    measure(|| async {
        while next(&left) {
            let mut response = client.get(&url).send().await.expect("the server answers");
            assert_eq!(response.bytes().await.expect("with a body").len(), 13);
        }
    })
    .await
}

async fn legacy(addr: SocketAddr) -> Cost {
    let client: legacy::Client<_, Empty<Bytes>> =
        legacy::Client::builder(TokioExecutor::new()).build_http();
    let uri: http::Uri = format!("http://{addr}/").parse().expect("it is a URI");
    let left = Cell::new(REQUESTS);
    measure(|| async {
        while next(&left) {
            let response = client.get(uri.clone()).await.expect("the server answers");
            let body = response.into_body().collect().await.expect("with a body");
            assert_eq!(body.to_bytes().len(), 13);
        }
    })
    .await
}

async fn bare(addr: SocketAddr) -> Cost {
    let left = Cell::new(REQUESTS);
    measure(|| async {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, driver) = handshake.expect("the connection is new");
        tokio::spawn(driver);
        while next(&left) {
            sender.ready().await.expect("the server keeps the connection");
            let request = http::Request::get("/").header("host", "localhost");
            let request = request.body(Empty::<Bytes>::new()).expect("it is a request");
            let response = sender.send_request(request).await.expect("the server answers");
            let body = response.into_body().collect().await.expect("with a body");
            assert_eq!(body.to_bytes().len(), 13);
        }
    })
    .await
}

fn main() {
    let addr = start_server(serve);
    let runtime = runtime();
    println!(
        "{REQUESTS} requests, {AT_ONCE} at a time; requests per second, CPU \u{b5}s for each:"
    );
    println!("{:>16} {:>16} {:>16}", "landspout", "legacy", "bare hyper");
    for _ in 0..ROUNDS {
        let costs = runtime
            .block_on(async { [landspout(addr).await, legacy(addr).await, bare(addr).await] });
        let row = costs.map(|Cost { rate, cpu }| format!("{rate:>8.0} {cpu:>7.1}"));
        println!("{}", row.join(" "));
    }
}
