//! Bounded send queues, and what happens at the bound.

use crate::pair::{Socket, pair_of, quiet};
use landspout_websocket::{
    CloseCode, Error, Message, Overflow, PreparedMessage, Receiver, Sender, WebSocket,
};
use tokio::io::DuplexStream;

/// The stream takes so much, the wire 64 KiB, and the queue what it may beyond that.
const STREAM: usize = 1000;
const WIRE: usize = 64 * 1024;

type Server = (Sender<crate::pair::Counted>, Receiver<crate::pair::Counted>);

/// A server that no one reads from, with the stream and the wire full.
fn full(overflow: Overflow) -> (Server, WebSocket<DuplexStream>) {
    let config = quiet().overflow(overflow).max_queue(WIRE + 10_000);
    let (server, client, _): (Socket, _, _) = pair_of(STREAM, &config, &quiet());
    let (sender, receiver) = server.split();
    sender.try_send("x".repeat(STREAM + WIRE)).unwrap();
    ((sender, receiver), client)
}

/// The messages that arrive after the large one.
async fn arrivals(server: Server, mut client: WebSocket<DuplexStream>) -> Vec<String> {
    let (sender, mut receiver) = server;
    sender.close(CloseCode::NORMAL, "");
    let receiving = tokio::spawn(async move { receiver.receive().await });
    assert_eq!(client.receive().await.unwrap().unwrap().len(), STREAM + WIRE);
    let mut messages = Vec::new();
    while let Some(message) = client.receive().await.unwrap() {
        messages.push(message.as_text().unwrap()[..1].to_owned());
    }
    receiving.await.unwrap().unwrap();
    messages
}

/// A message of four thousand bytes: two have room.
fn message(name: &str) -> Message {
    Message::from(name.repeat(4000))
}

#[tokio::test]
async fn the_newest_are_dropped() {
    let (server, client) = full(Overflow::DropNewest);
    for name in ["a", "b", "c", "d"] {
        server.0.try_send(message(name)).unwrap();
    }
    assert_eq!(server.0.dropped(), 2);
    assert_eq!(arrivals(server, client).await, ["a", "b"]);
}

#[tokio::test]
async fn the_oldest_are_dropped() {
    let (server, client) = full(Overflow::DropOldest);
    for name in ["a", "b", "c", "d"] {
        server.0.try_send(message(name)).unwrap();
    }
    assert_eq!(server.0.dropped(), 2);
    assert_eq!(arrivals(server, client).await, ["c", "d"]);
}

#[tokio::test]
async fn the_latest_of_each_key_is_kept() {
    let (server, client) = full(Overflow::KeepLatest);
    for (key, name) in [(1, "a"), (2, "b"), (1, "c"), (1, "d"), (2, "e")] {
        server.0.try_send_latest(key, &PreparedMessage::new(message(name))).unwrap();
    }
    assert_eq!(server.0.dropped(), 3);
    assert_eq!(arrivals(server, client).await, ["d", "e"]);
}

#[tokio::test(start_paused = true)]
async fn the_connection_is_closed_and_its_queue_freed() {
    for overflow in [Overflow::Close, Overflow::KeepLatest] {
        let ((sender, mut receiver), mut client) = full(overflow);
        sender.try_send(message("a")).unwrap();
        sender.try_send(message("b")).unwrap();
        assert!(matches!(sender.try_send(message("c")), Err(Error::Overflow)));
        assert!(matches!(sender.try_send(message("d")), Err(Error::Closed)));
        assert!(sender.queued() < WIRE + 100);
        // The other side reads again, and is told; what was queued is gone.
        let receiving = tokio::spawn(async move { receiver.receive().await });
        assert_eq!(client.receive().await.unwrap().unwrap().len(), STREAM + WIRE);
        assert_eq!(client.receive().await.unwrap(), None);
        assert_eq!(client.close_frame().unwrap().code(), CloseCode::TRY_AGAIN);
        assert!(matches!(receiving.await.unwrap(), Err(Error::Overflow)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_reads_costs_no_more_than_the_bound() {
    let ((sender, mut receiver), _client) = full(Overflow::DropOldest);
    let news = PreparedMessage::new("x".repeat(1000));
    for _ in 0..100_000 {
        sender.try_send_prepared(&news).unwrap();
        assert!(sender.queued() <= WIRE + 10_000);
    }
    assert!(matches!(receiver.receive().await, Err(Error::WriteTimeout)));
}

#[tokio::test]
async fn a_message_larger_than_the_bound_goes_when_nothing_waits() {
    let config = quiet().max_queue(10);
    let (server, mut client, _) = pair_of(1 << 20, &config, &quiet());
    let (sender, _receiver) = server.split();
    sender.try_send("x".repeat(1000)).unwrap();
    assert_eq!(client.receive().await.unwrap().unwrap().len(), 1000);
}

#[tokio::test]
async fn only_the_last_ping_is_answered_when_writing_has_stalled() {
    let (server, mut client, _) = pair_of(STREAM, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    sender.send("x".repeat(2 * WIRE)).await.unwrap();
    let receiving = tokio::spawn(async move { receiver.receive().await });
    for number in 0..100 {
        client.ping(format!("{number}").as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(client.receive().await.unwrap().unwrap().len(), 2 * WIRE);
    let event = client.receive_event().await.unwrap();
    assert_eq!(event, Some(landspout_websocket::Event::Pong(b"99"[..].into())));
    drop(client);
    assert!(receiving.await.unwrap().is_err());
}

#[tokio::test]
async fn empty_messages_take_room_too() {
    let ((sender, _receiver), _client) = full(Overflow::DropNewest);
    for _ in 0..1000 {
        sender.try_send("").unwrap();
    }
    assert!(sender.dropped() > 800, "{}", sender.dropped());
}

#[tokio::test]
async fn a_receiver_that_never_reads_takes_nothing_from_the_others() {
    let config = quiet().overflow(Overflow::DropOldest).max_queue(20_000);
    let (stalled, _never_reads, _) = pair_of(STREAM, &config, &quiet());
    let (stalled, mut its_receiver) = stalled.split();
    let stalling = tokio::spawn(async move { its_receiver.receive().await });
    let (good, mut client, _) = pair_of(STREAM, &config, &quiet());
    let (good, mut its_receiver) = good.split();
    let serving = tokio::spawn(async move { its_receiver.receive().await });
    for number in 0..2000 {
        let news = PreparedMessage::new(format!("{number:0500}"));
        stalled.try_send_prepared(&news).unwrap();
        good.try_send_prepared(&news).unwrap();
        assert!(stalled.queued() <= 20_000);
        let message = client.receive().await.unwrap().unwrap();
        assert_eq!(message.as_bytes(), news.payload());
    }
    assert!(stalled.dropped() > 1900 && good.dropped() == 0);
    stalling.abort();
    serving.abort();
}
