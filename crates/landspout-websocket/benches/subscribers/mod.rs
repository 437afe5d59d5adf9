//! The other side of the benchmarks: a process with as many clients as are wanted, which read and
//! throw away.

use landspout_websocket::{Config, WebSocket};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream as StdStream};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// A process of subscribers, as the server sees it.
pub(crate) struct Subscribers {
    process: Child,
    listener: TcpListener,
    /// Where it is told how many bytes are to come, and says that they have.
    control: StdStream,
}

impl Subscribers {
    pub(crate) fn spawn(count: usize, deflate: bool) -> Subscribers {
        Subscribers::spawn_as(count, if deflate { "deflate" } else { "plain" })
    }

    /// One subscriber that reads the handshake's answer and no more.
    pub(crate) fn spawn_stalled() -> Subscribers {
        Subscribers::spawn_as(1, "stalled")
    }

    fn spawn_as(count: usize, kind: &str) -> Subscribers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["subscribers", &addr, &count.to_string(), kind])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (control, _) = listener.accept().unwrap();
        Subscribers { process, listener, control }
    }

    pub(crate) async fn accept(&mut self, config: &Config) -> WebSocket<TcpStream> {
        let (socket, _) = self.listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.set_nodelay(true).unwrap();
        WebSocket::accept(TcpStream::from_std(socket).unwrap(), config).await.unwrap()
    }

    /// A socket to write to.
    pub(crate) fn accept_bare(&mut self) -> StdStream {
        let (mut socket, _) = self.listener.accept().unwrap();
        socket.read_exact(&mut [0; REQUEST.len()]).unwrap();
        socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    /// Waits, asleep, until they have read so many bytes more.
    pub(crate) fn wait_for(&mut self, bytes: usize) {
        self.control.write_all(&(bytes as u64).to_be_bytes()).unwrap();
        self.control.read_exact(&mut [0]).unwrap();
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What the process of subscribers is told.
pub(crate) struct Process {
    server: SocketAddr,
    count: usize,
    kind: String,
}

/// Whether this is such a process.
pub(crate) fn role() -> Option<Process> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != "subscribers" {
        return None;
    }
    let server = arguments.next()?.parse().unwrap();
    let count = arguments.next()?.parse().unwrap();
    Some(Process { server, count, kind: arguments.next()? })
}

impl Process {
    pub(crate) fn read_all(self) {
        rlimit::increase_nofile_limit(u64::MAX).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build_local(Default::default()).unwrap();
        runtime.block_on(self.run());
    }

    async fn run(self) {
        let mut control = TcpStream::connect(self.server).await.unwrap();
        let read = Rc::new(Cell::new(0));
        let mut stalled = Vec::new();
        for _ in 0..self.count {
            let (mut socket, ahead) = self.connect().await;
            read.set(read.get() + ahead);
            if self.kind == "stalled" {
                stalled.push(socket);
                continue;
            }
            let read = Rc::clone(&read);
            tokio::task::spawn_local(async move {
                let mut buffer = [0; 4096];
                while let Ok(len @ 1..) = socket.read(&mut buffer).await {
                    read.set(read.get() + len as u64);
                }
            });
        }
        let mut expected = 0;
        while let Ok(bytes) = control.read_u64().await {
            expected += bytes;
            while read.get() < expected {
                tokio::task::yield_now().await;
            }
            assert_eq!(read.get(), expected);
            control.write_all(b".").await.unwrap();
        }
    }

    /// A client, its handshake made, and how many bytes it has read behind the answer.
    async fn connect(&self) -> (TcpStream, u64) {
        let mut socket = TcpStream::connect(self.server).await.unwrap();
        let offer = if self.kind == "deflate" { OFFER } else { "" };
        let request = format!("{REQUEST}{offer}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        loop {
            assert_ne!(socket.read_buf(&mut head).await.unwrap(), 0);
            if let Some(at) = head.windows(4).position(|end| end == b"\r\n\r\n") {
                return (socket, (head.len() - at - 4) as u64);
            }
        }
    }
}
