//! Any bytes as the answers to three requests over one client, cut in pieces: no panic, nothing
//! hangs, and the pool's books are empty afterwards.
#![no_main]

use landspout_client::{Client, ClientConfig};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// A runtime and a socket for all inputs.
struct Bench {
    runtime: Runtime,
    listener: UnixListener,
    path: PathBuf,
}

impl Bench {
    fn new() -> Bench {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let path = std::env::temp_dir().join(format!("landspout-fuzz-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = runtime.block_on(async {
            // The fuzzer's `main` is none of Rust's, so that a broken pipe would end the process.
            drop(signal(SignalKind::pipe()).unwrap());
            UnixListener::bind(&path).unwrap()
        });
        Bench { runtime, listener, path }
    }

    /// Writes the bytes in pieces to whoever asks, and closes.
    async fn answer(&self, size: usize, bytes: &[u8]) {
        loop {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            for piece in bytes.chunks(size) {
                if stream.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    }

    async fn ask(&self) {
        let config = ClientConfig::default()
            .timeout(Duration::from_secs(5))
            .max_redirects(2)
            .max_body_size(1 << 20);
        let client = Client::with_config(config);
        for _ in 0..3 {
            let request = client.get("http://any.test/").unix_socket(&self.path);
            let result = match request.send().await {
                Ok(mut response) => response.bytes().await.map(drop),
                Err(error) => Err(error),
            };
            assert!(result.is_ok() || !result.unwrap_err().is_timeout());
        }
        let settled = async {
            while client.pool_stats().in_use > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), settled).await.unwrap();
        assert_eq!(client.pool_stats().waiting, 0);
    }
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    if bytes.len() > 10_000 {
        return;
    }
    BENCH.with_borrow(|bench| {
        bench.runtime.block_on(async {
            tokio::select! {
                () = bench.answer(usize::from(size) * 8 + 1, bytes) => {}
                () = bench.ask() => {}
            }
        });
    });
});
