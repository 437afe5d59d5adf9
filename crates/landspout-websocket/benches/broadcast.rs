//! One message to many: what a delivery costs the server's thread, beside a bare `write` of the
//! same bytes to as many sockets, and what a subscriber that stops reading costs.
//!
//! The subscribers are in a process of their own, so that the time of the server's thread
//! (`/proc/thread-self/schedstat`) is the server's alone. After each round the server waits,
//! asleep, until they have read it all. `cargo bench -p landspout-websocket --bench broadcast`;
//! Linux alone, because it reads `/proc`.
//!
//! Names of parts run those alone: `-- 1k 10k stalled`, and `stalled=10000` for so many broadcasts
//! beside the subscriber that stops reading, in place of a million.
#![allow(missing_docs, clippy::unwrap_used)]

mod subscribers;

use landspout_websocket::{
    Config, DeflateConfig, Message, Offer, Overflow, PreparedMessage, Protocol, Sender, WebSocket,
};
use std::io::Write;
use std::net::TcpStream as StdStream;
use std::time::{Duration, Instant};
use subscribers::Subscribers;
use tokio::net::TcpStream;

/// The deliveries of one measurement, and the messages between two turns in a burst.
const DELIVERIES: usize = 160_000;
const BURST: usize = 16;

/// Each measurement is made so often, and the least is taken.
const REPEATS: usize = 3;

fn main() {
    if let Some(process) = subscribers::role() {
        return process.read_all();
    }
    // As a test it shows that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| part != "--bench").collect();
    let wanted = |name: &str| parts.is_empty() || parts.iter().any(|part| part == name);
    for (name, count) in [("1k", 1_000), ("10k", 10_000)] {
        if wanted(name) {
            both(count);
        }
    }
    let broadcasts = parts.iter().find_map(|part| part.strip_prefix("stalled="));
    if wanted("stalled") || broadcasts.is_some() {
        let broadcasts = broadcasts.map_or(1_000_000, |number| number.parse().unwrap());
        runtime().block_on(stalled(broadcasts));
    }
}

/// Plain and compressed messages to so many subscribers.
fn both(wanted: usize) {
    // Two descriptors for each subscriber, and some for the process.
    let limit = (rlimit::increase_nofile_limit(u64::MAX).unwrap() as usize - 100) / 2;
    let count = wanted.min(limit);
    if count < wanted {
        println!("{count} subscribers in place of {wanted}: the limit on open files");
    }
    // The deadlines are on, but no ping comes between: the bytes are counted.
    let config = Config::default().ping_interval(Duration::from_secs(3600));
    let plain = measure(count, &config);
    let deflate = config.deflate(DeflateConfig::default());
    let compressed = measure(count, &deflate);
    println!("compressed to plain, one by one: {:.2}", compressed / plain);
}

/// A loop for one measurement: with it go its connections.
fn runtime() -> tokio::runtime::LocalRuntime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build_local(Default::default()).unwrap()
}

/// Prints what a delivery costs in each way, and gives that of messages one by one. The ways take
/// turns on connections that stay.
fn measure(count: usize, config: &Config) -> f64 {
    let bytes = frame(config).len();
    let runtime = runtime();
    let mut sockets = Bare::connect(count, config);
    let mut room = runtime.block_on(Room::connect(count, config));
    let [mut bare, mut single, mut burst] = [f64::MAX; 3];
    for _ in 0..REPEATS {
        bare = bare.min(sockets.write(config));
        single = single.min(runtime.block_on(room.broadcast(config, 1)));
        burst = burst.min(runtime.block_on(room.broadcast(config, BURST)));
    }
    println!(
        "{count} subscribers, frames of {bytes} bytes, ns of CPU a delivery: bare write {bare:.0}, \
         one by one {single:.0} ({:.2}), in bursts of {BURST} {burst:.0} ({:.2})",
        single / bare,
        burst / bare
    );
    single
}

/// A kilobyte as such messages are.
fn json() -> String {
    let rows: Vec<String> = (0..16)
        .map(|i| {
            let (bid, ask) = (1000 + i * 37 % 91, 1002 + i * 53 % 97);
            format!(r#"{{"symbol":"LS{i:02}","bid":{bid}.25,"ask":{ask}.75,"size":{}}}"#, i * 100)
        })
        .collect();
    let mut text = format!(r#"{{"type":"prices","rows":[{}],"pad":""#, rows.join(","));
    text.push_str(&"-".repeat(1024 - text.len() - 2));
    text + "\"}"
}

/// The message's frame on a connection of this config.
fn frame(config: &Config) -> Vec<u8> {
    let headers = landspout_websocket::Opening::new(config).headers();
    let offer = Offer::read(&http::Method::GET, http::Version::HTTP_11, &headers).unwrap();
    let mut protocol = Protocol::new(offer.accept(config).unwrap().agreement, config);
    let mut bytes = Vec::new();
    protocol.send(&Message::from(json()), &mut bytes).unwrap();
    bytes
}

/// The nanoseconds that this thread has run.
fn cpu() -> f64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The floor: one `write` for each delivery, and nothing else.
struct Bare {
    subscribers: Subscribers,
    sockets: Vec<StdStream>,
}

impl Bare {
    fn connect(count: usize, config: &Config) -> Bare {
        let mut subscribers = Subscribers::spawn(count, config.deflate.is_some());
        let sockets = (0..count).map(|_| subscribers.accept_bare()).collect();
        Bare { subscribers, sockets }
    }

    fn write(&mut self, config: &Config) -> f64 {
        let (count, frame) = (self.sockets.len(), frame(config));
        let mut spent = 0.0;
        let messages = DELIVERIES / count;
        for _ in 0..messages {
            let begin = cpu();
            for socket in &mut self.sockets {
                assert_eq!(socket.write(&frame).unwrap(), frame.len());
            }
            spent += cpu() - begin;
            self.subscribers.wait_for(count * frame.len());
        }
        spent / (count * messages) as f64
    }
}

/// Connections that each have a task which receives.
struct Room {
    subscribers: Subscribers,
    senders: Vec<Sender<TcpStream>>,
}

impl Room {
    async fn connect(count: usize, config: &Config) -> Room {
        let mut subscribers = Subscribers::spawn(count, config.deflate.is_some());
        let mut senders = Vec::new();
        for _ in 0..count {
            senders.push(subscribe(subscribers.accept(config).await));
        }
        tokio::task::yield_now().await;
        Room { subscribers, senders }
    }

    /// Messages prepared once and sent to all: `burst` of them before the loop turns.
    async fn broadcast(&mut self, config: &Config, burst: usize) -> f64 {
        let Room { subscribers, senders } = self;
        let (text, len) = (json(), frame(config).len());
        let count = senders.len();
        let mut spent = 0.0;
        let messages = (DELIVERIES / count).next_multiple_of(burst);
        for _ in 0..messages / burst {
            let begin = cpu();
            for _ in 0..burst {
                let message = PreparedMessage::new(text.as_str());
                for sender in senders.iter() {
                    sender.try_send_prepared(&message).unwrap();
                }
            }
            // The receivers write in their turn, before this one's.
            while senders.last().unwrap().queued() > 0 {
                tokio::task::yield_now().await;
            }
            spent += cpu() - begin;
            assert!(senders.iter().all(|sender| sender.queued() == 0));
            subscribers.wait_for(burst * count * len);
        }
        spent / (count * messages) as f64
    }
}

fn subscribe(socket: WebSocket<TcpStream>) -> Sender<TcpStream> {
    let (sender, mut receiver) = socket.split();
    tokio::task::spawn_local(async move { while let Ok(Some(_)) = receiver.receive().await {} });
    sender
}

/// So many broadcasts to ten subscribers and one that stops reading.
async fn stalled(broadcasts: usize) {
    const BATCH: usize = 1000;
    let config = Config::default()
        .overflow(Overflow::DropOldest)
        .ping_interval(Duration::ZERO)
        .write_timeout(Duration::ZERO);
    let mut subscribers = Subscribers::spawn(10, false);
    let mut senders = Vec::new();
    for _ in 0..10 {
        senders.push(subscribe(subscribers.accept(&config).await));
    }
    let mut stalled = Subscribers::spawn_stalled();
    let slow = subscribe(stalled.accept(&config).await);
    let message = PreparedMessage::new("x".repeat(100));
    let (begin, mut most) = (Instant::now(), 0);
    for _ in 0..broadcasts / BATCH {
        for _ in 0..BATCH {
            for sender in senders.iter().chain([&slow]) {
                sender.try_send_prepared(&message).unwrap();
            }
        }
        while senders.iter().any(|sender| sender.queued() > 0) {
            tokio::task::yield_now().await;
        }
        most = most.max(slow.queued());
        assert!(most <= config.max_queue);
        subscribers.wait_for(BATCH * 10 * 102);
    }
    assert!(senders.iter().all(|sender| sender.dropped() == 0));
    println!(
        "one of 11 stalled, {broadcasts} broadcasts in {:.1} s: at most {most} bytes queued for \
         it, {} dropped; the others received all",
        begin.elapsed().as_secs_f64(),
        slow.dropped()
    );
}
