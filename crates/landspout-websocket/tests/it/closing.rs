//! The closing handshake (RFC 6455 §7).

use crate::pair::{pair, quiet, streams};
use crate::peer::{CLOSE, FIN, TEXT, masked};
use landspout_websocket::{
    Agreement, CloseCode, CloseFrame, Error, Event, Message, Role, WebSocket,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test]
async fn either_side_closes_and_the_other_learns_why() {
    for server_closes in [true, false] {
        let (mut server, mut client) = pair();
        let frame = CloseFrame::new(CloseCode::GOING_AWAY, "maintenance");
        let answer = CloseFrame::new(CloseCode::GOING_AWAY, "");
        let (closed, received) = if server_closes {
            tokio::join!(server.close(CloseCode::GOING_AWAY, "maintenance"), client.receive())
        } else {
            tokio::join!(client.close(CloseCode::GOING_AWAY, "maintenance"), server.receive())
        };
        closed.unwrap();
        assert_eq!(received.unwrap(), None);
        let frames = (server.close_frame(), client.close_frame());
        match server_closes {
            true => assert_eq!(frames, (Some(&answer), Some(&frame))),
            false => assert_eq!(frames, (Some(&frame), Some(&answer))),
        }
        assert!(matches!(server.send("late").await, Err(Error::Closed)));
        server.close(CloseCode::NORMAL, "again").await.unwrap();
    }
}

#[tokio::test]
async fn what_was_sent_before_arrives_before_the_close_frame() {
    let (mut server, mut client) = pair();
    let close = async {
        for _ in 0..100 {
            server.send("x".repeat(5000)).await.unwrap();
        }
        server.close(CloseCode::NORMAL, "").await.unwrap();
    };
    let count = async {
        let mut count = 0;
        while client.receive().await.unwrap().is_some() {
            count += 1;
        }
        count
    };
    assert_eq!(tokio::join!(close, count).1, 100);
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_is_not_answered_is_waited_for_five_seconds() {
    let (near, _far, _) = streams(1 << 20);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    let begin = Instant::now();
    let result = server.close(CloseCode::NORMAL, "").await;
    assert!(matches!(result, Err(Error::CloseTimeout)));
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_end_the_stream_holds_a_client_for_five_seconds() {
    let (near, mut far, _) = streams(1 << 20);
    let mut client = WebSocket::new(near, Agreement::plain(Role::Client), &quiet());
    far.write_all(&[0x88, 0]).await.unwrap();
    let begin = Instant::now();
    assert_eq!(client.receive().await.unwrap(), None);
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn messages_that_come_while_closing_are_received_if_one_cares() {
    let (near, mut far, _) = streams(1 << 20);
    let server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    let (sender, mut receiver) = server.split();
    sender.close(CloseCode::NORMAL, "");
    far.write_all(&[masked(FIN | TEXT, b"last"), masked(FIN | CLOSE, b"")].concat()).await.unwrap();
    assert_eq!(receiver.receive().await.unwrap(), Some(Message::from("last")));
    assert_eq!(receiver.receive_event().await.unwrap(), Some(Event::Close(None)));
    assert_eq!(receiver.receive_event().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_that_ends_without_a_close_frame_is_an_error() {
    let (mut server, client) = pair();
    drop(client);
    assert!(matches!(server.receive().await, Err(Error::Disconnected)));
    assert_eq!(server.receive().await.unwrap(), None);
}

#[tokio::test]
async fn a_close_frame_is_found_though_writing_fails() {
    let (near, mut far, _) = streams(1 << 20);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    far.write_all(&masked(FIN | CLOSE, &[0x03, 0xE9])).await.unwrap();
    drop(far);
    assert!(matches!(server.send("into the void").await, Err(Error::Io(_))));
    assert_eq!(server.receive().await.unwrap(), None);
    assert_eq!(server.close_frame(), Some(&CloseFrame::new(CloseCode::GOING_AWAY, "")));
}

#[tokio::test]
async fn the_answer_is_written_before_the_event_is_given() {
    let (near, mut far, _) = streams(1 << 20);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &quiet());
    far.write_all(&masked(FIN | CLOSE, &[0x03, 0xE8])).await.unwrap();
    assert!(matches!(server.receive_event().await, Ok(Some(Event::Close(Some(_))))));
    drop(server);
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [0x88, 2, 0x03, 0xE8]);
}
