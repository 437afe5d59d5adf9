//! Two connected sockets, and a stream that tells what is done with it.

use landspout_websocket::{Agreement, Config, Role, WebSocket};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

pub(crate) type Socket = WebSocket<Counted>;

/// A stream that counts the writes to it.
#[derive(Debug)]
pub(crate) struct Counted {
    io: DuplexStream,
    writes: Writes,
}

/// How often a stream was written to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes(Arc<AtomicUsize>);

impl Writes {
    /// The writes since it was last asked.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.0.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.0.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A stream for so many bytes each way; the near end is counted.
pub(crate) fn streams(bytes: usize) -> (Counted, DuplexStream, Writes) {
    let (io, far) = duplex(bytes);
    let writes = Writes::default();
    (Counted { io, writes: writes.clone() }, far, writes)
}

/// A server and its client, over a stream for so many bytes each way.
pub(crate) fn pair_of(
    bytes: usize,
    server: &Config,
    client: &Config,
) -> (Socket, WebSocket<DuplexStream>, Writes) {
    let (near, far, writes) = streams(bytes);
    let server = WebSocket::new(near, Agreement::plain(Role::Server), server);
    let client = WebSocket::new(far, Agreement::plain(Role::Client), client);
    (server, client, writes)
}

/// A server and its client, without pings.
pub(crate) fn pair() -> (Socket, WebSocket<DuplexStream>) {
    let (server, client, _) = pair_of(1 << 20, &quiet(), &quiet());
    (server, client)
}

/// A config without pings.
pub(crate) fn quiet() -> Config {
    Config::default().ping_interval(std::time::Duration::ZERO)
}
