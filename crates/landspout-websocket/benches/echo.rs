//! What a message costs beside its system calls: an echo server over a stream that replays.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use landspout_websocket::{Agreement, Config, Message, PreparedMessage, Protocol, Role, WebSocket};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives the same bytes at each read, and takes all that is written.
struct Replay(Vec<u8>);

impl AsyncRead for Replay {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buf.put_slice(&self.0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replay {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A server whose every read is a batch of a client's messages.
fn server(bytes: usize, batch: usize) -> WebSocket<Replay> {
    let mut client = Protocol::new(Agreement::plain(Role::Client), &Config::default());
    let mut frames = Vec::new();
    for _ in 0..batch {
        client.send(&Message::from("x".repeat(bytes)), &mut frames).expect("the client is open");
    }
    WebSocket::new(Replay(frames), Agreement::plain(Role::Server), &Config::default())
}

fn echo(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let mut group = criterion.benchmark_group("echo");
    for (bytes, batch) in [(128, 1), (128, 16), (16 * 1024, 1)] {
        group.throughput(Throughput::Elements(batch as u64));
        let mut socket = server(bytes, batch);
        group.bench_function(BenchmarkId::new(format!("{bytes} bytes"), batch), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    for _ in 0..batch {
                        let message = socket.receive().await.expect("open").expect("a message");
                        socket.send(message).await.expect("open");
                    }
                });
            });
        });
    }
    group.finish();
}

fn broadcast(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let _guard = runtime.enter();
    let subscribers: Vec<_> = (0..1000).map(|_| server(1, 1).split()).collect();
    let text = "x".repeat(1024);
    let mut group = criterion.benchmark_group("broadcast of 1 KiB to 1000");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("prepared", |bencher| {
        bencher.iter(|| {
            let message = PreparedMessage::new(text.as_str());
            for (sender, _) in &subscribers {
                sender.try_send_prepared(&message).expect("open");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, echo, broadcast);
criterion_main!(benches);
