//! Sending and receiving over a stream.

use crate::pair::{pair, pair_of, quiet, streams};
use crate::peer::{FIN, TEXT, masked};
use landspout_websocket::{Agreement, Config, Event, Message, Role, WebSocket};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn messages_go_both_ways() {
    let (mut server, mut client) = pair();
    client.send("up").await.unwrap();
    assert_eq!(server.receive().await.unwrap(), Some(Message::from("up")));
    server.send(vec![0, 1, 2]).await.unwrap();
    assert_eq!(client.receive().await.unwrap(), Some(Message::from(vec![0, 1, 2])));
}

#[tokio::test]
async fn large_messages_pass_through_small_streams() {
    let (mut server, mut client, _) = pair_of(1000, &quiet(), &quiet());
    let large = Message::from("x".repeat(300_000));
    let echo = async {
        let message = server.receive().await.unwrap().unwrap();
        server.send(message).await.unwrap();
        server.flush().await.unwrap();
    };
    let ask = async {
        client.send(large.clone()).await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some(large));
    };
    tokio::join!(echo, ask);
}

#[tokio::test]
async fn the_answers_to_one_read_leave_in_one_write() {
    let (mut server, mut client, writes) = pair_of(1 << 20, &quiet(), &quiet());
    let batch: Vec<u8> = (0..16).flat_map(|_| masked(FIN | TEXT, &[b'x'; 128])).collect();
    let (near, mut far, batch_writes) = streams(1 << 20);
    let mut echo = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    far.write_all(&batch).await.unwrap();
    for _ in 0..16 {
        let message = echo.receive().await.unwrap().unwrap();
        echo.send(message).await.unwrap();
    }
    assert_eq!(batch_writes.take(), 1);
    // One message, one write, at once.
    client.send("one").await.unwrap();
    server.receive().await.unwrap();
    server.send("answer").await.unwrap();
    assert_eq!(writes.take(), 1);
}

#[tokio::test]
async fn flush_does_not_wait_for_the_rest_of_a_read() {
    let (near, mut far, writes) = streams(1 << 20);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    far.write_all(&[masked(FIN | TEXT, b"1"), masked(FIN | TEXT, b"2")].concat()).await.unwrap();
    server.receive().await.unwrap();
    server.send("answer").await.unwrap();
    assert_eq!((writes.take(), server.queued()), (0, 8));
    server.flush().await.unwrap();
    assert_eq!((writes.take(), server.queued()), (1, 0));
}

#[tokio::test]
async fn pings_are_answered_and_pongs_told() {
    let (mut server, mut client) = pair();
    client.ping(b"are you there?").await.unwrap();
    client.send("after").await.unwrap();
    assert_eq!(
        server.receive_event().await.unwrap(),
        Some(Event::Ping(b"are you there?"[..].into()))
    );
    assert_eq!(server.receive().await.unwrap(), Some(Message::from("after")));
    server.pong(b"unasked").await.unwrap();
    for expected in [&b"are you there?"[..], b"unasked"] {
        assert_eq!(client.receive_event().await.unwrap(), Some(Event::Pong(expected.into())));
    }
}

#[tokio::test]
async fn an_error_of_the_other_side_is_told_to_it() {
    let (near, mut far, _) = streams(1 << 20);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &Config::default());
    far.write_all(&[0xFF]).await.unwrap();
    far.shutdown().await.unwrap();
    let error = server.receive().await.unwrap_err();
    assert_eq!(error.to_string(), "the other side broke the protocol");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "unknown opcode 15");
    assert_eq!(server.receive().await.unwrap(), None);
    let mut written = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut far, &mut written).await.unwrap();
    assert_eq!(&written[..4], [0x88, 2 + 17, 0x03, 0xEA]);
}
