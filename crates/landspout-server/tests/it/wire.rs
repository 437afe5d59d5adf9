//! A server on a free port, and a client that writes bytes by hand.

use landspout_server::{
    DrainReport, Handler, Refusals, Server, ServerConfig, ServerHandle, ToListen,
};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

pub(crate) struct Site {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) refusals: Refusals,
    pub(crate) serving: JoinHandle<DrainReport>,
}

/// Serves `handler` with the default limits.
pub(crate) fn serve(handler: impl Handler + 'static) -> Site {
    serve_with(ServerConfig::default(), handler)
}

pub(crate) fn serve_with(config: ServerConfig, handler: impl Handler + 'static) -> Site {
    serve_on("127.0.0.1:0", config, handler)
}

pub(crate) fn serve_on(
    listen: impl ToListen,
    config: ServerConfig,
    handler: impl Handler + 'static,
) -> Site {
    let server = Server::bind_with(listen, config).unwrap();
    let (addr, handle, refusals) = (server.local_addr(), server.handle(), server.refusals());
    Site { addr, handle, refusals, serving: tokio::task::spawn_local(server.serve(handler)) }
}

impl Site {
    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        // Where time is paused, nothing waits for an acknowledgement in real time.
        stream.set_nodelay(true).unwrap();
        Client::new(stream)
    }

    /// All that comes back for `bytes`, sent on a connection of their own, until its end.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// Whether the server still answers a new connection.
    pub(crate) async fn is_alive(&self) -> bool {
        let answer = self.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        answer.starts_with("HTTP/1.1 ")
    }

    pub(crate) async fn stop(self) -> DrainReport {
        self.handle.shutdown();
        within(self.serving).await.unwrap()
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    ahead: Vec<u8>,
}

/// An answer, read by its Content-Length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    pub(crate) fn new(stream: TcpStream) -> Client {
        Client { stream, ahead: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends what the server may not want any more.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Whether something has come back already.
    pub(crate) fn has_answer(&mut self) -> bool {
        self.stream.try_read_buf(&mut self.ahead).is_ok()
    }

    /// Sends the piece again and again until the server takes no more; how often it did.
    pub(crate) async fn sends_until_refused(&mut self, piece: &[u8]) -> usize {
        let mut times = 0;
        while within(self.stream.write_all(piece)).await.is_ok() {
            times += 1;
            tokio::task::yield_now().await;
        }
        times
    }

    /// Closes the sending side.
    pub(crate) async fn finish(&mut self) {
        // The server may have closed already.
        let _ = self.stream.shutdown().await;
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> String {
        let end = loop {
            if let Some(at) = self.ahead.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.more().await, "the connection ended within a head: {:?}", self.ahead);
        };
        String::from_utf8(self.ahead.drain(..end).collect()).unwrap()
    }

    /// The next answer, whose Content-Length must be there.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = Answer { head: self.head().await, body: String::new() };
        let len = answer.header("content-length").expect("a Content-Length").parse().unwrap();
        answer.body = self.take(len).await;
        answer
    }

    pub(crate) async fn take(&mut self, len: usize) -> String {
        while self.ahead.len() < len {
            assert!(self.more().await, "the connection ended within a body: {:?}", self.ahead);
        }
        // Not byte by byte: without optimisation that would take longer than some deadlines.
        let rest = self.ahead.split_off(len);
        String::from_utf8(std::mem::replace(&mut self.ahead, rest)).unwrap()
    }

    /// Everything until the end of the connection, or until it is reset.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.ahead)).into_owned()
    }

    /// Reads on; false at the end.
    async fn more(&mut self) -> bool {
        let read = within(self.stream.read_buf(&mut self.ahead)).await;
        read.is_ok_and(|len| len > 0)
    }

    /// Whether the connection ends with a reset rather than in good order.
    pub(crate) async fn is_reset(&mut self) -> bool {
        loop {
            match within(self.stream.read_buf(&mut self.ahead)).await {
                Ok(0) => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    }
}

/// Fails rather than hangs.
#[track_caller]
pub(crate) fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(Duration::from_secs(20), future).await {
            Ok(output) => output,
            Err(_) => panic!("nothing happened for 20 s at {caller}"),
        }
    }
}
