//! Sending in one task while receiving in another.

use crate::pair::{pair, pair_of, quiet, streams};
use crate::peer::{CLOSE, FIN, masked};
use landspout_websocket::{Agreement, CloseCode, Error, Message, Role, WebSocket};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn one_task_sends_while_another_receives() {
    let (server, client) = pair();
    let (server_sender, mut server_receiver) = server.split();
    let (client_sender, mut client_receiver) = client.split();
    tokio::join!(
        async {
            for number in 0..1000 {
                server_sender.send(number.to_string()).await.unwrap();
            }
        },
        async {
            for number in 0..1000 {
                client_sender.send(number.to_string()).await.unwrap();
            }
        },
        async {
            for number in 0..1000 {
                let message = server_receiver.receive().await.unwrap().unwrap();
                assert_eq!(message, Message::from(number.to_string()));
            }
        },
        async {
            for number in 0..1000 {
                let message = client_receiver.receive().await.unwrap().unwrap();
                assert_eq!(message, Message::from(number.to_string()));
            }
        },
    );
}

#[tokio::test]
async fn what_is_sent_in_one_turn_leaves_in_one_write() {
    let (server, mut client, writes) = pair_of(1 << 20, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.receive().await });
    tokio::task::yield_now().await;
    for _ in 0..8 {
        sender.try_send("news").unwrap();
    }
    for _ in 0..8 {
        sender.send("news").await.unwrap();
    }
    assert_eq!(writes.take(), 0);
    for _ in 0..16 {
        client.receive().await.unwrap().unwrap();
    }
    assert_eq!(writes.take(), 1);
    drop(client);
    assert!(matches!(receiving.await.unwrap(), Err(Error::Disconnected)));
}

#[tokio::test]
async fn a_sender_writes_at_once_when_nobody_receives() {
    let (server, mut client) = pair();
    let (sender, _receiver) = server.split();
    sender.try_send("now").unwrap();
    assert_eq!(sender.queued(), 0);
    assert_eq!(client.receive().await.unwrap(), Some(Message::from("now")));
}

#[tokio::test]
async fn what_a_cancelled_receiver_was_to_write_is_written() {
    let (server, mut client) = pair();
    let (sender, mut receiver) = server.split();
    tokio::select! {
        biased;
        _ = receiver.receive() => unreachable!("nothing comes"),
        () = async {
            tokio::task::yield_now().await;
            sender.try_send("queued").unwrap();
        } => {}
    }
    assert_eq!(sender.queued(), 0);
    assert_eq!(client.receive().await.unwrap(), Some(Message::from("queued")));
}

#[tokio::test]
async fn senders_wait_for_room_and_all_go_on() {
    let (server, mut client, _) = pair_of(100, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.receive().await });
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    sender.send("x".repeat(10_000)).await.unwrap();
                }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(sender.queued() < 80_000, "{}", sender.queued());
    for _ in 0..100 {
        assert_eq!(client.receive().await.unwrap().unwrap().len(), 10_000);
    }
    for task in tasks {
        task.await.unwrap();
    }
    sender.close(CloseCode::NORMAL, "");
    assert_eq!(client.receive().await.unwrap(), None);
    assert_eq!(receiving.await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn a_dropped_receiver_ends_the_connection() {
    let (server, mut client) = pair();
    let (sender, receiver) = server.split();
    drop(receiver);
    assert!(!sender.is_open());
    assert!(matches!(sender.send("late").await, Err(Error::Closed)));
    assert!(matches!(client.receive().await, Err(Error::Disconnected)));
}

#[tokio::test]
async fn a_sender_that_waits_learns_that_the_connection_ended() {
    let (server, _client, _) = pair_of(100, &quiet(), &quiet());
    let (sender, receiver) = server.split();
    let waiting = tokio::spawn(async move {
        loop {
            if let Err(error) = sender.send("x".repeat(10_000)).await {
                break error;
            }
        }
    });
    tokio::task::yield_now().await;
    drop(receiver);
    assert!(matches!(waiting.await.unwrap(), Error::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_sender_sees_to_the_deadlines_when_nobody_receives() {
    let (server, _client, _) = pair_of(100, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    tokio::select! {
        _ = receiver.receive() => unreachable!("nothing comes"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    let error = loop {
        if let Err(error) = sender.send("x".repeat(10_000)).await {
            break error;
        }
    };
    assert!(matches!(error, Error::Closed));
    assert!(matches!(receiver.receive().await, Err(Error::WriteTimeout)));
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waits_learns_at_once_that_the_connection_closes() {
    let (near, mut far, _) = streams(100);
    let server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    let (sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.receive().await });
    let waiting = tokio::spawn(async move {
        loop {
            if let Err(error) = sender.send("x".repeat(10_000)).await {
                break error;
            }
        }
    });
    tokio::task::yield_now().await;
    let begin = Instant::now();
    far.write_all(&masked(FIN | CLOSE, b"")).await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Error::Closed));
    assert_eq!(begin.elapsed(), Duration::ZERO);
    // What was being written is never read, so the stream is dropped at the deadline.
    assert_eq!(receiving.await.unwrap().unwrap(), None);
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn answers_to_messages_that_came_together_leave_together() {
    let (server, mut client, writes) = pair_of(1 << 20, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    let echo = tokio::spawn(async move {
        while let Some(message) = receiver.receive().await.unwrap() {
            sender.send(message).await.unwrap();
        }
    });
    // The first one tells the connection which task receives.
    client.send("first").await.unwrap();
    assert_eq!(client.receive().await.unwrap(), Some(Message::from("first")));
    writes.take();
    for number in 0..16 {
        client.send(format!("{number}")).await.unwrap();
    }
    for number in 0..16 {
        assert_eq!(client.receive().await.unwrap(), Some(Message::from(format!("{number}"))));
    }
    assert_eq!(writes.take(), 1);
    client.close(landspout_websocket::CloseCode::NORMAL, "").await.unwrap();
    echo.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_leaves_when_it_is_told_to() {
    let (server, mut client, _) = pair_of(1 << 20, &quiet(), &quiet());
    let (sender, mut receiver) = server.split();
    let flusher = sender.clone();
    let slow = async move {
        while let Some(message) = receiver.receive().await.unwrap() {
            sender.send(message).await.unwrap();
            sleep(Duration::from_secs(60)).await;
        }
    };
    tokio::spawn(async move {
        let mut slow = std::pin::pin!(slow);
        std::future::poll_fn(|cx| {
            let polled = slow.as_mut().poll(cx);
            flusher.try_flush();
            polled
        })
        .await;
    });
    // Until it waits: only then it is known which task receives.
    sleep(Duration::from_secs(1)).await;
    client.send("one").await.unwrap();
    client.send("two").await.unwrap();
    let begin = Instant::now();
    assert_eq!(client.receive().await.unwrap(), Some(Message::from("one")));
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(client.receive().await.unwrap(), Some(Message::from("two")));
    assert_eq!(begin.elapsed(), Duration::from_secs(60));
}
