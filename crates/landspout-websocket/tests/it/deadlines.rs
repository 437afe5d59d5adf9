//! Pings, and when a connection is given up.

use crate::pair::{pair_of, quiet, streams};
use crate::peer::{CLOSE, FIN, PONG, masked};
use landspout_websocket::{Agreement, Config, Error, Event, Message, Role, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_kept_while_it_answers() {
    let (mut server, mut client, _) = pair_of(1000, &Config::default(), &quiet());
    let mut pings = 0;
    tokio::select! {
        result = server.receive() => panic!("{result:?}"),
        () = async {
            while let Ok(Some(Event::Ping(_))) = client.receive_event().await {
                pings += 1;
            }
        } => panic!("the client is closed"),
        () = sleep(100 * SECOND) => {}
    }
    assert!((3..=4).contains(&pings), "{pings}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_is_given_up() {
    let (near, _far, _) = streams(1000);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &Config::default());
    let begin = Instant::now();
    assert!(matches!(server.receive().await, Err(Error::PongTimeout)));
    let after = begin.elapsed();
    assert!(after >= Duration::from_millis(32_500) && after <= 45 * SECOND, "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn any_byte_counts_as_an_answer() {
    let (near, mut far, _) = streams(1000);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &Config::default());
    tokio::select! {
        result = server.receive() => panic!("{result:?}"),
        () = async {
            for _ in 0..30 {
                sleep(10 * SECOND).await;
                far.write_all(&masked(FIN | PONG, b"")).await.unwrap();
            }
        } => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_messages_is_closed_if_that_is_wanted() {
    let config = quiet().idle_timeout(60 * SECOND);
    let (near, mut far, _) = streams(1000);
    let mut server = WebSocket::new(near, Agreement::plain(Role::Server), &config);
    let peer = async {
        let mut frame = [0; 8];
        far.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame, [0x88, 6, 0x03, 0xE9, b'i', b'd', b'l', b'e']);
        far.write_all(&masked(FIN | CLOSE, b"")).await.unwrap();
        far.shutdown().await.unwrap();
    };
    let (result, ()) = tokio::join!(server.receive(), peer);
    assert!(matches!(result, Err(Error::IdleTimeout)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_by_who_receives() {
    let (mut server, _client, _) = pair_of(100, &quiet(), &quiet());
    server.send("x".repeat(1000)).await.unwrap();
    let begin = Instant::now();
    assert!(matches!(server.receive().await, Err(Error::WriteTimeout)));
    assert_eq!(begin.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_by_who_sends() {
    let (mut server, _client, _) = pair_of(100, &quiet(), &quiet());
    let begin = Instant::now();
    let error = loop {
        if let Err(error) = server.send("x".repeat(10_000)).await {
            break error;
        }
    };
    assert!(matches!(error, Error::WriteTimeout));
    assert_eq!(begin.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_kept() {
    let (mut server, client, _) = pair_of(100, &quiet(), &quiet());
    let (_sender, mut slow) = client.split();
    let send = async {
        server.send("x".repeat(400)).await.unwrap();
        server.flush().await.unwrap();
    };
    let read = async {
        let mut reads = 0;
        loop {
            // Each poll reads what the stream holds: a hundred bytes.
            tokio::select! {
                biased;
                message = slow.receive() => break assert_eq!(message.unwrap().unwrap().len(), 400),
                () = std::future::ready(()) => {}
            }
            reads += 1;
            assert!(reads < 20);
            sleep(6 * SECOND).await;
        }
    };
    tokio::join!(send, read);
}

#[tokio::test(start_paused = true)]
async fn without_deadlines_a_connection_is_kept_for_ever() {
    let config = quiet().write_timeout(Duration::ZERO);
    let (mut server, mut client, _) = pair_of(1 << 20, &config, &config);
    tokio::select! {
        result = server.receive() => panic!("{result:?}"),
        () = sleep(100_000 * SECOND) => {}
    }
    client.send("still here").await.unwrap();
    assert_eq!(server.receive().await.unwrap(), Some(Message::from("still here")));
}
