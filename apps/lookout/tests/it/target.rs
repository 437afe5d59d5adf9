//! Servers written by hand, to be checked: each connection gets what the test says.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// What a target does with the request for some path.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// The same after a while.
    SayAfter(Duration, Vec<u8>),
    /// Writes these bytes, and then nothing more, for ever.
    SayAndHold(Vec<u8>),
}

pub(crate) fn say(bytes: impl AsRef<[u8]>) -> Act {
    Act::Say(bytes.as_ref().to_vec())
}

/// A whole answer with a body.
pub(crate) fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A server on a port of its own.
pub(crate) struct Target {
    pub(crate) addr: SocketAddr,
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: RefCell<Vec<String>>,
    open: Cell<usize>,
    most_open: Cell<usize>,
}

impl Target {
    /// A target that looks at the path of each request to know what to do.
    pub(crate) async fn by_path(act: impl Fn(&str) -> Act + 'static) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Rc::new(Seen::default());
        let (act, told) = (Rc::new(act), Rc::clone(&seen));
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(converse(stream, Rc::clone(&act), Rc::clone(&told)));
            }
        });
        Target { addr, seen }
    }

    /// A target that answers everything in one way.
    pub(crate) async fn that(act: Act) -> Target {
        Target::by_path(move |_| act.clone()).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.borrow().clone()
    }

    /// How many connections were open at once, at most.
    pub(crate) fn most_open(&self) -> usize {
        self.seen.most_open.get()
    }
}

/// A port on which nobody listens.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn converse(mut stream: TcpStream, act: Rc<impl Fn(&str) -> Act>, seen: Rc<Seen>) {
    seen.open.set(seen.open.get() + 1);
    seen.most_open.set(seen.most_open.get().max(seen.open.get()));
    if let Some(head) = read_head(&mut stream).await {
        let act = act(head.split(' ').nth(1).unwrap_or_default());
        seen.requests.borrow_mut().push(head);
        perform(&mut stream, act).await;
    }
    seen.open.set(seen.open.get() - 1);
}

async fn perform(stream: &mut TcpStream, act: Act) {
    let (Act::Say(bytes) | Act::SayAfter(_, bytes) | Act::SayAndHold(bytes)) = &act;
    if let Act::SayAfter(pause, _) = act {
        tokio::time::sleep(pause).await;
    }
    // A checker that has seen enough closes before all is written.
    let _ = stream.write_all(bytes).await;
    if matches!(act, Act::SayAndHold(_)) {
        let _ = stream.read(&mut [0]).await;
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(bytes).ok()
}
