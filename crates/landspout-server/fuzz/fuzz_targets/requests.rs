//! Any bytes in pieces of any size: no panic, an end, and never more answers than requests.
//!
//! `cargo +nightly fuzz run requests corpus/requests seeds`
#![no_main]

#[path = "../../tests/it/strict.rs"]
mod strict;

use landspout_server::{Address, DrainReport, Error, Request, Server};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::time::Duration;
use strict::count_requests;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::LocalRuntime;
use tokio::task::JoinHandle;

/// In how many pieces an input comes at the most: each is a turn of the loop.
const MOST_PIECES: usize = 64;

/// One server for all inputs, whose connections cost no ports.
struct Site {
    event_loop: LocalRuntime,
    socket: PathBuf,
    serving: JoinHandle<DrainReport>,
}

thread_local! {
    static SITE: Site = Site::open();
}

impl Site {
    fn open() -> Site {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let event_loop = builder.enable_all().build_local(Default::default());
        let event_loop = event_loop.expect("a loop is built");
        let name = format!("landspout-fuzz-{}.sock", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let listen = Address::Unix(socket.clone());
        let serving = event_loop.block_on(async {
            let server = Server::bind(listen).expect("the socket is free");
            tokio::task::spawn_local(server.serve(read_all))
        });
        Site { event_loop, socket, serving }
    }

    /// Everything that comes back.
    async fn answers(&self, bytes: &[u8], size: usize) -> String {
        let mut client = UnixStream::connect(&self.socket).await.expect("the server listens");
        for piece in bytes.chunks(size) {
            // The server may have closed already.
            let _ = client.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        let _ = client.shutdown().await;
        let mut all = Vec::new();
        let _ = client.read_to_end(&mut all).await;
        assert!(!self.serving.is_finished(), "the server has died");
        String::from_utf8_lossy(&all).into_owned()
    }
}

async fn read_all(request: Request) -> Result<&'static str, Error> {
    request.into_body().bytes().await?;
    Ok("fine")
}

fuzz_target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    // A seed, which begins with a letter, comes as a whole.
    let (bytes, size) = if first.is_ascii_uppercase() {
        (bytes, bytes.len())
    } else {
        (rest, usize::from(*first).max(rest.len() / MOST_PIECES).max(1))
    };
    let answered = SITE.with(|site| {
        let answers = async {
            tokio::time::timeout(Duration::from_secs(10), site.answers(bytes, size)).await
        };
        site.event_loop.block_on(answers)
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
