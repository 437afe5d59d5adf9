//! What is cancelled loses nothing.

use crate::pair::{pair, pair_of, quiet, streams};
use crate::peer::{FIN, TEXT, masked};
use landspout_websocket::{Agreement, CloseCode, Error, Message, Role, WebSocket};
use std::future::ready;
use tokio::io::AsyncWriteExt;

/// Polls a future once and drops it.
async fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = ready(()) => None,
    }
}

#[tokio::test]
async fn a_cancelled_receive_loses_no_byte() {
    let (near, mut far, _) = streams(1000);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    for byte in masked(FIN | TEXT, "grüße".as_bytes()) {
        assert!(once(server.receive()).await.is_none());
        far.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(server.receive().await.unwrap(), Some(Message::from("grüße")));
}

#[tokio::test]
async fn a_cancelled_send_sends_all_or_nothing() {
    let (mut server, mut client, _) = pair_of(100, &quiet(), &quiet());
    let mut sent = 0;
    while once(server.send("x".repeat(10_000))).await.is_some() {
        sent += 1;
    }
    // The last one waited for room, and is not sent.
    let receiving = tokio::spawn(async move {
        server.close(CloseCode::NORMAL, "").await.unwrap();
    });
    for _ in 0..sent {
        assert_eq!(client.receive().await.unwrap().unwrap().len(), 10_000);
    }
    assert_eq!(client.receive().await.unwrap(), None);
    receiving.await.unwrap();
}

#[tokio::test]
async fn a_cancelled_flush_keeps_what_is_queued() {
    let (mut server, mut client, _) = pair_of(100, &quiet(), &quiet());
    server.send("x".repeat(1000)).await.unwrap();
    assert!(once(server.flush()).await.is_none());
    assert!(server.queued() > 0);
    let (flushed, message) = tokio::join!(server.flush(), client.receive());
    flushed.unwrap();
    assert_eq!(message.unwrap().unwrap().len(), 1000);
}

#[tokio::test]
async fn a_cancelled_close_closes_all_the_same() {
    let (mut server, mut client) = pair();
    assert!(once(server.close(CloseCode::NORMAL, "")).await.is_none());
    assert!(matches!(server.send("late").await, Err(Error::Closed)));
    let (server, client) = tokio::join!(server.receive(), client.receive());
    assert_eq!((server.unwrap(), client.unwrap()), (None, None));
}

#[tokio::test]
async fn a_cancelled_send_of_a_sender_sends_all_or_nothing() {
    let (server, mut client, _) = pair_of(100, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    let mut sent = 0;
    while once(sender.send("x".repeat(10_000))).await.is_some() {
        sent += 1;
    }
    sender.close(CloseCode::NORMAL, "");
    let receiving = tokio::spawn(async move { receiver.receive().await });
    for _ in 0..sent {
        assert_eq!(client.receive().await.unwrap().unwrap().len(), 10_000);
    }
    assert_eq!(client.receive().await.unwrap(), None);
    assert_eq!(receiving.await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn pings_are_queued_at_the_first_poll() {
    let (mut server, mut client) = pair();
    assert!(once(server.ping(b"1")).await.is_some());
    assert!(once(server.pong(b"2")).await.is_some());
    assert!(client.receive_event().await.unwrap().is_some());
    assert!(client.receive_event().await.unwrap().is_some());
}
