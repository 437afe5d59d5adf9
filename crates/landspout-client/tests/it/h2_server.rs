//! An HTTP/2 server that does what it is told.

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// What the server does with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Answers with the request's body, or with "hello" if it has none.
    Answer,
    /// Refuses the stream, having done nothing.
    Refuse,
    /// Breaks the stream off before an answer.
    Reset,
    /// Answers, and then says that it takes no further requests.
    AnswerAndLeave,
    /// Leaves at once: this request and later ones were not looked at.
    Leave,
    /// Never answers.
    Hold,
    /// Answers after a moment.
    Slow,
    /// Begins an answer, and breaks it off.
    Break,
    /// Says so many times that an answer is to come (103), and then answers.
    Interim(usize),
    /// Answers with a head of so many bytes and more.
    LongHead(usize),
    /// Answers with a body of 300 000 bytes.
    Long,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) connections: AtomicUsize,
    pub(crate) requests: AtomicUsize,
    now: AtomicUsize,
    /// The most requests that were under way at once.
    pub(crate) most: AtomicUsize,
    /// Streams that the client gave up.
    pub(crate) resets: AtomicUsize,
    pub(crate) heads: Mutex<Vec<String>>,
}

pub(crate) struct H2Server {
    pub(crate) addr: SocketAddr,
    pub(crate) seen: Arc<Seen>,
}

impl H2Server {
    /// The n-th request gets the n-th act, and all further ones the last.
    pub(crate) async fn play(acts: &[Act], max_streams: u32) -> H2Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let (noted, acts): (_, Arc<[Act]>) = (Arc::clone(&seen), acts.into());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(drive(stream, Arc::clone(&noted), Arc::clone(&acts), max_streams));
            }
        });
        H2Server { addr, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Relaxed)
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.requests.load(Relaxed)
    }
}

/// Serves one connection.
pub(crate) async fn drive(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    seen: Arc<Seen>,
    acts: Arc<[Act]>,
    max_streams: u32,
) {
    seen.connections.fetch_add(1, Relaxed);
    let mut builder = Builder::new();
    builder.max_concurrent_streams(max_streams);
    let handshake = builder.handshake(io).await;
    let Ok(mut connection): Result<Connection<_, Bytes>, _> = handshake else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let number = seen.requests.fetch_add(1, Relaxed);
        seen.heads.lock().unwrap().push(format!("{:?} {:?}", request.uri(), request.headers()));
        let act = acts[number.min(acts.len() - 1)];
        match act {
            Act::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
            Act::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
            Act::Leave => {
                // Gone without a word about this stream: it was not looked at.
                respond.send_reset(Reason::REFUSED_STREAM);
                connection.graceful_shutdown();
            }
            _ => {
                if act == Act::AnswerAndLeave {
                    connection.graceful_shutdown();
                }
                tokio::spawn(answer(act, request.into_body(), respond, Arc::clone(&seen)));
            }
        }
    }
}

async fn answer(act: Act, mut body: RecvStream, mut respond: SendResponse<Bytes>, seen: Arc<Seen>) {
    let now = seen.now.fetch_add(1, Relaxed) + 1;
    seen.most.fetch_max(now, Relaxed);
    if act == Act::Hold {
        let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
        seen.resets.fetch_add(1, Relaxed);
    } else {
        if act == Act::Slow {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let mut bytes = Vec::new();
        while let Some(Ok(chunk)) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.len());
            bytes.extend(chunk);
        }
        let bytes = match act {
            Act::Long => vec![b'x'; 300_000].into(),
            _ if bytes.is_empty() => Bytes::from("hello"),
            _ => bytes.into(),
        };
        let mut response = http::Response::new(());
        if let Act::LongHead(len) = act {
            response.headers_mut().insert("x-long", "x".repeat(len).try_into().unwrap());
        }
        if let Act::Interim(count) = act {
            for _ in 0..count {
                let interim = http::Response::builder().status(103).body(()).unwrap();
                if respond.send_informational(interim).is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        if let Ok(mut stream) = respond.send_response(response, false) {
            if act == Act::Break {
                let _ = stream.send_data(Bytes::from("hel"), false);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                stream.send_reset(Reason::INTERNAL_ERROR);
            } else {
                let _ = stream.send_data(bytes, true);
            }
        }
    }
    seen.now.fetch_sub(1, Relaxed);
}
