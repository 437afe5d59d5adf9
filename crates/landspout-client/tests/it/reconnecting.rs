//! WebSockets that are opened again, over pipes in memory, with a clock that waits for nobody.

use landspout_client::BackoffConfig;
use landspout_client::websocket::{
    CloseCode, CloseFrame, Config, ConnectError, HandshakeError, Message, ReconnectConfig,
    ReconnectError, ReconnectingWebSocket, UnsentPolicy, WebSocket,
};
use landspout_websocket::{Agreement, Role};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

type Socket = WebSocket<DuplexStream>;
type Reconnecting = ReconnectingWebSocket<DuplexStream>;

/// What the other side accepts, one after the other, and when.
struct Server(mpsc::UnboundedReceiver<(Instant, Socket)>);

impl Server {
    async fn accept(&mut self) -> Socket {
        self.0.recv().await.unwrap().1
    }
}

fn socket(io: DuplexStream, role: Role) -> Socket {
    WebSocket::new(io, Agreement::plain(role), &Config::default())
}

/// A WebSocket whose connections a server accepts.
fn open(config: ReconnectConfig) -> (Reconnecting, Server) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let client = Reconnecting::new(config, move || {
        let (near, far) = tokio::io::duplex(1024);
        let accepted = sender.send((Instant::now(), socket(far, Role::Server)));
        async move {
            match accepted {
                Ok(()) => Ok(socket(near, Role::Client)),
                Err(_) => Err(ConnectError::Handshake(HandshakeError::Timeout)),
            }
        }
    });
    (client, Server(receiver))
}

fn config() -> ReconnectConfig {
    ReconnectConfig::default()
}

fn texts(texts: &[&str]) -> Vec<Message> {
    texts.iter().map(|text| Message::from(*text)).collect()
}

async fn receive(socket: &mut Socket, count: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(socket.receive().await.unwrap().unwrap());
    }
    messages
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_over_the_next_connection() {
    let (mut client, mut server) = open(config());
    let serving = async {
        let mut first = server.accept().await;
        first.send("one").await.unwrap();
        drop(first);
        let mut second = server.accept().await;
        second.send("two").await.unwrap();
        second.close(CloseCode::RESTART, "").await.unwrap();
        let mut third = server.accept().await;
        third.send("three").await.unwrap();
        third.close(CloseCode::NORMAL, "that is all").await.unwrap();
    };
    let receiving = async {
        let mut messages = Vec::new();
        while let Some(message) = client.receive().await.unwrap() {
            messages.push(message);
        }
        messages
    };
    let ((), messages) = tokio::join!(serving, receiving);
    assert_eq!(messages, texts(&["one", "two", "three"]));
    assert!(!client.is_open() && client.receive().await.unwrap().is_none());
    assert!(matches!(client.send("x"), Err(ReconnectError::Over)));
}

#[tokio::test(start_paused = true)]
async fn the_first_words_go_first_on_every_connection_and_what_waited_after_them() {
    let (client, mut server) = open(config());
    let count = AtomicU32::new(0);
    let mut client = client.on_open(move || {
        let number = count.fetch_add(1, Relaxed);
        vec![format!("subscribe {number}").into(), "and more".into()]
    });
    let sender = client.sender();
    sender.send("early").unwrap();
    let receiving = tokio::spawn(async move { client.receive().await });
    let mut first = server.accept().await;
    assert_eq!(receive(&mut first, 3).await, texts(&["subscribe 0", "and more", "early"]));
    assert!(sender.is_open() && sender.unsent() == 0);
    sender.send("live").unwrap();
    assert_eq!(receive(&mut first, 1).await, texts(&["live"]));
    drop(first);
    while sender.is_open() {
        tokio::task::yield_now().await;
    }
    sender.send("late").unwrap();
    assert_eq!(sender.unsent(), 68);
    let mut second = server.accept().await;
    assert_eq!(receive(&mut second, 3).await, texts(&["subscribe 1", "and more", "late"]));
    second.send("done").await.unwrap();
    assert_eq!(receiving.await.unwrap().unwrap(), Some(Message::from("done")));
}

/// The waits are between nothing and 1, 2, 4, 5, 5 ... seconds.
#[tokio::test(start_paused = true)]
async fn waits_grow_until_a_connection_was_stable() {
    let backoff = BackoffConfig::default().first(SECOND).max(5 * SECOND).stable(10 * SECOND);
    let (mut client, mut server) = open(config().backoff(backoff));
    tokio::spawn(async move { client.receive().await });
    let mut times = Vec::new();
    for connection in 0..60 {
        let (time, socket) = server.0.recv().await.unwrap();
        times.push(time);
        if connection == 40 {
            sleep(10 * SECOND).await;
        }
        drop(socket);
    }
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (limit, wait) in [1, 2, 4, 5, 5].into_iter().zip(&waits) {
        assert!(*wait <= limit * SECOND + SECOND / 100, "{waits:?}");
    }
    let mean = |waits: &[Duration]| waits.iter().sum::<Duration>() / waits.len() as u32;
    // Thirty-six waits between 0 and 5 seconds: the chance to be out of this is below 1e-6.
    let late = mean(&waits[4..40]);
    assert!(late > SECOND && late < 4 * SECOND, "{late:?}");
    assert!(waits[40] <= 11 * SECOND + SECOND / 100, "{:?} has the stable time in it", waits[40]);
}

#[tokio::test(start_paused = true)]
async fn some_close_codes_are_final() {
    for (code, is_final) in [(1000, true), (1008, true), (4001, true), (1001, false), (4000, false)]
    {
        let (mut client, mut server) = open(config().final_code(4001));
        let receiving = tokio::spawn(async move { client.receive().await });
        let mut first = server.accept().await;
        first.close(CloseCode::new(code).unwrap(), "why").await.unwrap();
        match is_final {
            false => drop(server.accept().await),
            true => match receiving.await.unwrap() {
                Ok(None) => assert_eq!(code, 1000),
                Err(ReconnectError::Closed(Some(frame))) => {
                    assert_eq!((frame.code().get(), frame.reason()), (code, "why"));
                }
                other => panic!("{code}: {other:?}"),
            },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_has_a_bound_and_a_policy() {
    let (client, mut server) = open(config().max_unsent(3 * 65).unsent(UnsentPolicy::DropOldest));
    for text in ["a", "b", "c", "d", "e"] {
        client.send(text).unwrap();
    }
    let sender = client.sender();
    assert_eq!((sender.dropped(), sender.unsent()), (2, 195));
    let mut client = client;
    tokio::spawn(async move { client.receive().await });
    let mut socket = server.accept().await;
    assert_eq!(receive(&mut socket, 3).await, texts(&["c", "d", "e"]));

    let (client, _server) = open(config().max_unsent(100));
    client.send("a").unwrap();
    assert!(matches!(client.send("b"), Err(ReconnectError::Full)));
}

/// What waits is more than the pipe and the connection's own queue hold.
#[tokio::test(start_paused = true)]
async fn what_waits_does_not_hold_up_what_comes() {
    let (mut client, mut server) = open(config());
    let long = "x".repeat(10_000);
    for number in 0..100 {
        client.send(format!("{number} {long}")).unwrap();
    }
    let receiving = tokio::spawn(async move { client.receive().await });
    let mut socket = server.accept().await;
    socket.send("the other way").await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(receiving.await.unwrap().unwrap(), Some(Message::from("the other way")));
}

#[tokio::test(start_paused = true)]
async fn all_that_waited_arrives_in_order() {
    let (mut client, mut server) = open(config());
    let long = "x".repeat(10_000);
    for number in 0..100 {
        client.send(format!("{number} {long}")).unwrap();
    }
    tokio::spawn(async move { client.receive().await });
    let mut socket = server.accept().await;
    sleep(SECOND).await;
    for (number, message) in receive(&mut socket, 100).await.iter().enumerate() {
        assert!(message.as_text().unwrap().starts_with(&format!("{number} ")));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_it_sends_what_waits_and_ends_it() {
    let (mut client, mut server) = open(config());
    let sender = client.sender();
    let receiving = tokio::spawn(async move { client.receive().await });
    let mut socket = server.accept().await;
    while !sender.is_open() {
        tokio::task::yield_now().await;
    }
    sender.send("last words").unwrap();
    sender.close(CloseCode::NORMAL, "bye");
    assert!(matches!(sender.send("more"), Err(ReconnectError::Over)));
    assert_eq!(receive(&mut socket, 1).await, texts(&["last words"]));
    assert_eq!(socket.receive().await.unwrap(), None);
    assert_eq!(socket.close_frame(), Some(&CloseFrame::new(CloseCode::NORMAL, "bye")));
    drop(socket);
    assert_eq!(receiving.await.unwrap().unwrap(), None);
    assert!(server.0.recv().await.is_none(), "it is not opened again");
}

#[tokio::test(start_paused = true)]
async fn closing_it_while_it_waits_ends_it_at_once() {
    let backoff = BackoffConfig::default().first(1000 * SECOND).max(1000 * SECOND);
    let (mut client, mut server) = open(config().backoff(backoff));
    let sender = client.sender();
    let receiving = tokio::spawn(async move { client.receive().await });
    drop(server.accept().await);
    while sender.is_open() {
        tokio::task::yield_now().await;
    }
    sender.close(CloseCode::NORMAL, "");
    assert_eq!(timeout(SECOND / 10, receiving).await.unwrap().unwrap().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_where_another_attempt_is_of_no_use_or_was_the_last() {
    let attempts = Arc::new(AtomicU32::new(0));
    for (error, expected) in [(HandshakeError::Timeout, 4), (HandshakeError::Accept, 1)] {
        attempts.store(0, Relaxed);
        let counted = Arc::clone(&attempts);
        let error = Arc::new(std::sync::Mutex::new(error));
        let config = config().backoff(BackoffConfig::default().max_attempts(3));
        let mut client = Reconnecting::new(config, move || {
            counted.fetch_add(1, Relaxed);
            let error = match *error.lock().unwrap() {
                HandshakeError::Timeout => HandshakeError::Timeout,
                _ => HandshakeError::Accept,
            };
            async move { Err(ConnectError::Handshake(error)) }
        });
        let error = client.receive().await.unwrap_err();
        assert!(matches!(error, ReconnectError::Connect(ConnectError::Handshake(_))), "{error:?}");
        assert_eq!(attempts.load(Relaxed), expected);
        assert_eq!(client.receive().await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_to_whoever_stops_waiting() {
    let (mut client, mut server) = open(config());
    let serving = tokio::spawn(async move {
        for round in 0..5 {
            let mut socket = server.accept().await;
            for number in 0..10 {
                socket.send(format!("{round}.{number}")).await.unwrap();
                socket.flush().await.unwrap();
                sleep(SECOND / 10).await;
            }
            socket.close(CloseCode::RESTART, "").await.unwrap();
        }
    });
    let mut messages = Vec::new();
    while messages.len() < 50 {
        if let Ok(message) = timeout(SECOND / 7, client.receive()).await {
            messages.push(message.unwrap().unwrap());
        }
    }
    let expected: Vec<_> =
        (0..50).map(|at| Message::from(format!("{}.{}", at / 10, at % 10))).collect();
    assert_eq!(messages, expected);
    drop(client);
    serving.abort();
}
