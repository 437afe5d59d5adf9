//! Other crates' clients with our server, and our client with their servers, over a pipe.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use landspout_websocket::{CloseCode, CloseFrame, Config, Event, Message, WebSocket};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message as Theirs;
use tokio_tungstenite::tungstenite::protocol::CloseFrame as TheirCloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};
use tokio_websockets::Message as Other;

const URI: &str = "ws://example.com/chat";

type Ours = WebSocket<DuplexStream>;

async fn our_server(io: DuplexStream) -> Ours {
    WebSocket::accept(io, &Config::default()).await.unwrap()
}

async fn our_client(io: DuplexStream) -> Ours {
    WebSocket::connect(io, &URI.parse().unwrap(), &Config::default()).await.unwrap()
}

/// Ours as the server, then ours as the client, each with tungstenite at the other end.
async fn with_tungstenite() -> Vec<(Ours, WebSocketStream<DuplexStream>)> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (ours, theirs) = tokio::join!(our_server(near), client_async(URI, far));
    let first = (ours, theirs.unwrap().0);
    let (near, far) = tokio::io::duplex(1 << 16);
    let (ours, theirs) = tokio::join!(our_client(near), accept_async(far));
    vec![first, (ours, theirs.unwrap())]
}

type OtherStream = tokio_websockets::WebSocketStream<DuplexStream>;

/// The same with tokio-websockets, which writes frames of so many bytes.
async fn with_tokio_websockets(frame: usize) -> Vec<(Ours, OtherStream)> {
    let config = || tokio_websockets::Config::default().frame_size(frame);
    let (near, far) = tokio::io::duplex(1 << 16);
    let client = tokio_websockets::ClientBuilder::from_uri(URI.parse().unwrap()).config(config());
    let (ours, other) = tokio::join!(our_server(near), client.connect_on(far));
    let first = (ours, other.unwrap().0);
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = tokio_websockets::ServerBuilder::new().config(config());
    let (ours, other) = tokio::join!(our_client(near), server.accept(far));
    vec![first, (ours, other.unwrap().1)]
}

/// Lengths on both sides of what each form of a frame's length can say.
const LENGTHS: [usize; 7] = [0, 1, 125, 126, 127, 65_535, 65_536];

#[tokio::test]
async fn messages_of_every_form_go_to_tungstenite_and_come_back() {
    for (mut ours, mut theirs) in with_tungstenite().await {
        for len in LENGTHS {
            let text = "ü".repeat(len / 2) + if len % 2 == 1 { "x" } else { "" };
            let echo = async {
                for _ in 0..2 {
                    let message = theirs.next().await.unwrap().unwrap();
                    theirs.send(message).await.unwrap();
                }
            };
            let ask = async {
                for message in [Message::from(text), Message::from(vec![7; len])] {
                    ours.send(message.clone()).await.unwrap();
                    assert_eq!(ours.receive().await.unwrap(), Some(message));
                }
            };
            tokio::join!(echo, ask);
        }
    }
}

#[tokio::test]
async fn fragments_of_tungstenite_with_a_ping_between_them_are_one_message() {
    for (mut ours, mut theirs) in with_tungstenite().await {
        let piece = |data: Data, text: &'static str, last| {
            Theirs::Frame(Frame::message(Bytes::from(text), OpCode::Data(data), last))
        };
        theirs.send(piece(Data::Text, "one ", false)).await.unwrap();
        theirs.send(Theirs::Ping(Bytes::from("still there?"))).await.unwrap();
        theirs.send(piece(Data::Continue, "", false)).await.unwrap();
        theirs.send(piece(Data::Continue, "message", true)).await.unwrap();
        let ping = ours.receive_event().await.unwrap();
        assert_eq!(ping, Some(Event::Ping(Bytes::from("still there?"))));
        assert_eq!(ours.receive().await.unwrap(), Some(Message::from("one message")));
        ours.ping(b"and you?").await.unwrap();
        let pong = theirs.next().await.unwrap().unwrap();
        assert_eq!(pong, Theirs::Pong(Bytes::from("still there?")));
        assert_eq!(theirs.next().await.unwrap().unwrap(), Theirs::Ping(Bytes::from("and you?")));
        theirs.flush().await.unwrap();
        let pong = ours.receive_event().await.unwrap();
        assert_eq!(pong, Some(Event::Pong(Bytes::from("and you?"))));
    }
}

#[tokio::test]
async fn tungstenite_is_told_why_and_tells_why() {
    for (mut ours, mut theirs) in with_tungstenite().await {
        let (closed, seen) =
            tokio::join!(ours.close(CloseCode::RESTART, "soon back"), async move {
                let seen = theirs.next().await.unwrap().unwrap();
                while theirs.next().await.is_some() {}
                seen
            });
        closed.unwrap();
        let frame = TheirCloseFrame { code: 1012.into(), reason: "soon back".into() };
        assert_eq!(seen, Theirs::Close(Some(frame)));
    }
    for (mut ours, mut theirs) in with_tungstenite().await {
        let frame = TheirCloseFrame { code: 4000.into(), reason: "enough".into() };
        let theirs = async move {
            theirs.close(Some(frame)).await.unwrap();
            while let Some(Ok(_)) = theirs.next().await {}
        };
        let (received, ()) = tokio::join!(ours.receive(), theirs);
        assert_eq!(received.unwrap(), None);
        let code = CloseCode::new(4000).unwrap();
        assert_eq!(ours.close_frame(), Some(&CloseFrame::new(code, "enough")));
    }
}

#[tokio::test]
async fn messages_in_many_frames_come_from_tokio_websockets() {
    for frame in [1, 100, 1 << 20] {
        for (mut ours, mut other) in with_tokio_websockets(frame).await {
            for len in [0, 1, 126, 5000] {
                let echo = async {
                    for _ in 0..2 {
                        let message = other.next().await.unwrap().unwrap();
                        other.send(message).await.unwrap();
                    }
                };
                let ask = async {
                    for message in [Message::from("x".repeat(len)), Message::from(vec![7; len])] {
                        ours.send(message.clone()).await.unwrap();
                        assert_eq!(ours.receive().await.unwrap(), Some(message));
                    }
                };
                tokio::join!(echo, ask);
            }
        }
    }
}

#[tokio::test]
async fn tokio_websockets_pings_and_closes() {
    for (mut ours, mut other) in with_tokio_websockets(1000).await {
        other.send(Other::ping("still there?")).await.unwrap();
        let other = async move {
            let pong = other.next().await.unwrap().unwrap();
            assert!(pong.is_pong() && &**pong.as_payload() == b"still there?");
            let code = tokio_websockets::CloseCode::try_from(4000).unwrap();
            other.send(Other::close(Some(code), "enough")).await.unwrap();
            while let Some(Ok(_)) = other.next().await {}
        };
        let (received, ()) = tokio::join!(ours.receive(), other);
        assert_eq!(received.unwrap(), None);
        let code = CloseCode::new(4000).unwrap();
        assert_eq!(ours.close_frame(), Some(&CloseFrame::new(code, "enough")));
    }
}
