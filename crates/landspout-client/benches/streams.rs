//! 1 GiB down and 1 GiB up, by this client and by a bare hyper connection, in turns, against one
//! server on a thread of its own: how much processor time the client's thread takes.

mod loopback;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use landspout_client::{Body, Client, ClientConfig};
use loopback::{cpu, runtime, start_server};
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LENGTH: usize = 1 << 30;
/// Bytes of each piece that goes up, or that the server writes.
const PIECE: usize = 64 * 1024;
const ROUNDS: usize = 9;

static ZEROS: [u8; PIECE] = [0; PIECE];

/// Sends the body that a GET asks for, or reads the one that comes.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buf = vec![0; 4 * PIECE];
    loop {
        let mut filled = 0;
        let end = loop {
            match stream.read(&mut buf[filled..]).await? {
                0 => return Ok(()),
                read => filled += read,
            }
            if let Some(at) = buf[..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
        };
        if buf.starts_with(b"GET") {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            for _ in 0..LENGTH / PIECE {
                stream.write_all(&ZEROS).await?;
            }
        } else {
            let mut left = LENGTH - (filled - end);
            while left > 0 {
                left -= stream.read(&mut buf).await?;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        }
    }
}

fn pieces() -> impl Iterator<Item = Bytes> {
    (0..LENGTH / PIECE).map(|_| Bytes::from_static(&ZEROS))
}

async fn landspout(addr: SocketAddr) -> [f64; 2] {
    let config = ClientConfig::default().max_body_size(u64::MAX);
    let (client, url) = (Client::with_config(config), format!("http://{addr}/"));
    let start = cpu();
    let mut response = client.get(&url).send().await.expect("the server answers");
    let mut length = 0;
    while let Some(piece) = response.chunk().await.expect("the body is whole") {
        length += piece.len();
    }
    assert_eq!(length, LENGTH);
    let middle = cpu();
    let body = Body::stream(stream::iter(pieces().map(Ok::<_, Infallible>)));
    let request = client.put(&url).header("content-length", LENGTH).body(body);
    assert_eq!(request.send().await.expect("the server answers").status(), 200);
    [middle - start, cpu() - middle].map(|cost| cost.as_secs_f64() * 1e3)
}

async fn bare(addr: SocketAddr) -> [f64; 2] {
    let stream = TcpStream::connect(addr).await.expect("the server listens");
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, driver) = handshake.expect("the connection is new");
    tokio::spawn(driver);
    let start = cpu();
    let body: UnsyncBoxBody<Bytes, Infallible> = Empty::new().boxed_unsync();
    let request = http::Request::get("/").header("host", "localhost").body(body);
    let response = sender.send_request(request.expect("it is a request")).await;
    let mut body = response.expect("the server answers").into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.expect("the body is whole");
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    assert_eq!(length, LENGTH);
    let middle = cpu();
    sender.ready().await.expect("the server keeps the connection");
    let frames = pieces().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
    let request = http::Request::put("/").header("host", "localhost");
    let request = request.header("content-length", LENGTH).body(body).expect("it is a request");
    let response = sender.send_request(request).await.expect("the server answers");
    assert_eq!(response.status(), 200);
    [middle - start, cpu() - middle].map(|cost| cost.as_secs_f64() * 1e3)
}

fn main() {
    let addr = start_server(serve);
    let runtime = runtime();
    println!("1 GiB, milliseconds of processor time:");
    println!("{:>20} {:>20} {:>8}", "landspout down, up", "bare hyper down, up", "ratio");
    let mut sums = [[0.0; 2]; 2];
    for _ in 0..ROUNDS {
        let costs = runtime.block_on(async { [landspout(addr).await, bare(addr).await] });
        show(costs);
        for (sum, cost) in sums.as_flattened_mut().iter_mut().zip(costs.as_flattened()) {
            *sum += cost;
        }
    }
    println!("together:");
    show(sums);
}

fn show([own, bare]: [[f64; 2]; 2]) {
    let ratio = [own[0] / bare[0], own[1] / bare[1]];
    println!("{own:>10.0?} {bare:>10.0?} {ratio:>6.2?}");
}
