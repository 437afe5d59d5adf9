//! A client of HTTP/2, by the `h2` crate and by frames written by hand.

use crate::wire::{Site, within};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) struct H2 {
    sender: SendRequest<Bytes>,
    /// How the connection ended.
    pub(crate) ending: JoinHandle<Result<(), h2::Error>>,
}

impl H2 {
    pub(crate) async fn connect(site: &Site) -> H2 {
        let stream = TcpStream::connect(site.addr).await.unwrap();
        // Where time is paused, nothing waits for an acknowledgement in real time.
        stream.set_nodelay(true).unwrap();
        H2::over(stream, h2::client::Builder::new()).await
    }

    pub(crate) async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        builder: h2::client::Builder,
    ) -> H2 {
        let (sender, connection) = within(builder.handshake(stream)).await.unwrap();
        H2 { sender, ending: tokio::task::spawn_local(connection) }
    }

    pub(crate) async fn ready(&mut self) -> SendRequest<Bytes> {
        self.sender = within(self.sender.clone().ready()).await.unwrap();
        self.sender.clone()
    }

    /// Begins a request whose body is still to come.
    pub(crate) async fn open(
        &mut self,
        request: Request<()>,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        self.ready().await.send_request(request, false).unwrap()
    }

    /// The answer to a request without a body.
    pub(crate) async fn ask(&mut self, request: Request<()>) -> Result<Answer, h2::Error> {
        self.sender = within(self.sender.clone().ready()).await?;
        let (answer, _) = self.sender.send_request(request, true)?;
        read(answer).await
    }

    pub(crate) async fn get(&mut self, uri: &str) -> Answer {
        self.ask(Request::get(uri).body(()).unwrap()).await.unwrap()
    }
}

impl Site {
    /// Whether the server still answers a new connection.
    pub(crate) async fn is_alive_on_http2(&self) -> bool {
        let mut frames = Frames::connect(self).await;
        frames.send(&headers(1, &GET)).await;
        frames.next().await.is_some()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: http::Response<()>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.head.status()
    }
}

/// Reads an answer to its end.
pub(crate) async fn read(answer: ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, body) = within(answer).await?.into_parts();
    let body = read_body(body).await?;
    Ok(Answer { head: http::Response::from_parts(head, ()), body })
}

pub(crate) async fn read_body(mut body: RecvStream) -> Result<String, h2::Error> {
    let mut whole = Vec::new();
    while let Some(piece) = within(body.data()).await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(whole).unwrap())
}

/// A connection on which frames are written by hand.
pub(crate) struct Frames(pub(crate) TcpStream);

impl Frames {
    /// With the preface and empty settings sent.
    pub(crate) async fn connect(site: &Site) -> Frames {
        let mut frames = Frames(TcpStream::connect(site.addr).await.unwrap());
        frames.0.set_nodelay(true).unwrap();
        frames.0.write_all(PREFACE).await.unwrap();
        frames.send(&frame(4, 0, 0, b"")).await;
        frames
    }

    /// Sends bytes; false if the server takes no more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        within(self.0.write_all(bytes)).await.is_ok()
    }

    /// The next frame: type, flags, stream, payload. `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        within(self.0.read_exact(&mut head)).await.ok()?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; len as usize];
        within(self.0.read_exact(&mut payload)).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    }

    /// The code of the GOAWAY with which the server ends the connection; `None` if it ends without.
    pub(crate) async fn goaway(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some((kind, _, _, payload)) = self.next().await {
            if kind == 7 {
                code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
        code
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block without compression: literal names and values, never indexed (RFC 7541 §6.2.3).
pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0x10);
        for text in [name, value] {
            assert!(text.len() < 127, "a length in one byte");
            block.push(text.len() as u8);
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A request without a body: all of its head, and its end.
pub(crate) fn headers(stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
    frame(1, 0x5, stream, &block(headers))
}

pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
