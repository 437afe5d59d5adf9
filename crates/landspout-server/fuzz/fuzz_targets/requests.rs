//! Any bytes in pieces of any size: no panic, an end, and never more answers than requests.
//!
//! `cargo +nightly fuzz run requests corpus/requests seeds`
#![no_main]

#[path = "../../tests/it/strict.rs"]
mod strict;

use landspout_server::{Error, Request, Server};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use strict::count_requests;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn read_all(request: Request) -> Result<&'static str, Error> {
    request.into_body().bytes().await?;
    Ok("fine")
}

/// Everything that comes back.
async fn answers(bytes: &[u8], size: usize) -> String {
    let server = Server::bind("127.0.0.1:0").expect("a port is free");
    let addr = server.local_addr();
    let serving = tokio::task::spawn_local(server.serve(read_all));
    let mut client = TcpStream::connect(addr).await.expect("the server listens");
    for piece in bytes.chunks(size) {
        // The server may have closed already.
        let _ = client.write_all(piece).await;
        tokio::task::yield_now().await;
    }
    let _ = client.shutdown().await;
    let mut all = Vec::new();
    let _ = client.read_to_end(&mut all).await;
    assert!(!serving.is_finished(), "the server has died");
    serving.abort();
    String::from_utf8_lossy(&all).into_owned()
}

fuzz_target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    // A seed, which begins with a letter, comes as a whole.
    let (bytes, size) = if first.is_ascii_uppercase() {
        (bytes, bytes.len())
    } else {
        (rest, usize::from(*first).max(1))
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default()).expect("a loop is built");
    let answered = event_loop.block_on(async {
        tokio::time::timeout(Duration::from_secs(10), answers(bytes, size)).await
    });
    let all = answered.expect("there is an end");
    let statuses: Vec<_> = all.split("HTTP/1.").skip(1).map(|answer| &answer[2..5]).collect();
    let requests = count_requests(bytes);
    let finals = statuses.iter().filter(|status| **status >= "200").count();
    let good = statuses.iter().filter(|status| **status == "200").count();
    assert!(finals <= requests + 1, "{finals} answers to {requests} requests");
    assert!(good <= requests, "{good} were answered 200 of {requests} requests");
    assert!(!statuses.contains(&"500"), "{all}");
});
