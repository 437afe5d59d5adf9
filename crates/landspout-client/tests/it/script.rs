//! Servers written by hand: each connection reads a request and then does exactly what it is told.

use landspout_client::{ClientConfig, ProxyConfig};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::yield_now;

/// An answer, complete.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// What a server does on one connection.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Reads a request: its head, and a body by `Content-Length` or in chunks.
    Read,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes these bytes one at a time.
    Drip(Vec<u8>),
    /// Does nothing for a while.
    Pause(Duration),
    /// Closes with a reset instead of an end.
    Reset,
    /// Keeps the connection open until the client closes it.
    Hold,
}

pub(crate) fn write(bytes: impl AsRef<[u8]>) -> Act {
    Act::Write(bytes.as_ref().to_vec())
}

/// A server for tests. The n-th connection plays the n-th script, and the last script is played by
/// all further ones.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    open: usize,
    requests: Vec<String>,
}

impl Server {
    pub(crate) async fn play(scripts: impl IntoIterator<Item = Vec<Act>>) -> Server {
        Server::play_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), scripts)
    }

    /// As `play`, for scripts that name the server's own address.
    pub(crate) fn play_on(
        listener: TcpListener,
        scripts: impl IntoIterator<Item = Vec<Act>>,
    ) -> Server {
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut scripts: VecDeque<_> = scripts.into_iter().collect();
        tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let script = match scripts.len() {
                        1 => scripts[0].clone(),
                        _ => scripts.pop_front().unwrap(),
                    };
                    let mut now = seen.lock().unwrap();
                    now.connections += 1;
                    now.open += 1;
                    tokio::spawn(perform(stream, script, Arc::clone(&seen)));
                }
            }
        });
        Server { addr, seen }
    }

    /// Answers the first request of each connection with these bytes, and closes.
    pub(crate) async fn answering(bytes: impl AsRef<[u8]>) -> Server {
        Server::play([vec![Act::Read, write(bytes)]]).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// All requests, with their bodies, in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Waits until this holds, which it does soon.
    pub(crate) async fn until(&self, holds: impl Fn(&Server) -> bool) {
        let wait = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, wait).await.expect("it holds within a minute");
    }

    /// Waits until so many requests have come; where time is paused, none passes meanwhile.
    pub(crate) async fn has_read(&self, count: usize) {
        at_once(until(|| self.requests().len() >= count)).await;
    }

    /// Connections that are not closed yet.
    pub(crate) fn open(&self) -> usize {
        self.seen.lock().unwrap().open
    }
}

/// Runs this while no time passes, where time is paused: it goes on only when nobody has anything to
/// do. Without this it would go on whenever bytes are waited for, though they are on their way.
pub(crate) async fn at_once<F: Future>(future: F) -> F::Output {
    let busy = async {
        loop {
            yield_now().await;
        }
    };
    tokio::select! {
        output = future => output,
        () = busy => unreachable!("it is busy for ever"),
    }
}

/// Waits until this holds, by a clock that nobody pauses.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it holds within a minute");
        yield_now().await;
    }
}

/// A config for hosts of other names than this machine's, wherever proxies are named by the environment.
pub(crate) fn direct() -> ClientConfig {
    ClientConfig::default().proxy(ProxyConfig::none())
}

/// An address where nobody listens; it is nobody else's for as long as the socket is there.
pub(crate) fn nobody() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap(), socket)
}

async fn perform(mut stream: TcpStream, script: Vec<Act>, seen: Arc<Mutex<Seen>>) {
    for act in script {
        let done = match act {
            Act::Read => match read_request(&mut stream).await {
                Some(request) => {
                    seen.lock().unwrap().requests.push(request);
                    true
                }
                None => false,
            },
            Act::Write(bytes) => stream.write_all(&bytes).await.is_ok(),
            Act::Drip(bytes) => drip(&mut stream, &bytes).await,
            Act::Pause(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            Act::Reset => {
                let _ = stream.set_zero_linger();
                false
            }
            Act::Hold => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                true
            }
        };
        if !done {
            break;
        }
    }
    drop(stream);
    seen.lock().unwrap().open -= 1;
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    for byte in bytes {
        if stream.write_all(&[*byte]).await.is_err() {
            return false;
        }
        yield_now().await;
    }
    true
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    if let Some(len) = value("content-length: ") {
        let mut body = vec![0; len.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        bytes.extend(body);
    } else if value("transfer-encoding: chunked").is_some() {
        while !bytes.ends_with(b"\r\n0\r\n\r\n") {
            bytes.push(stream.read_u8().await.ok()?);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
