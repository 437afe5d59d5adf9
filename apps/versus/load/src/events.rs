//! Events that every subscriber of a stream gets.

use crate::cli::FanOut;
use crate::connect::Connection;
use crate::session;
use std::cell::Cell;
use std::io::{self, Error};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio::task::spawn_local;

/// The last byte of what is published: servers frame events differently, and have no such byte.
const MARK: u8 = b'~';

pub(crate) async fn run(port: u16, load: &FanOut) -> io::Result<()> {
    let arrived = Rc::new(Arrived { events: Cell::new(0), more: Notify::new() });
    for number in 0..load.subscribers {
        let mut stream = Connection::open(port, number).await?;
        let head = stream.ask("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        if !head.starts_with("HTTP/1.1 200") || !head.contains("text/event-stream") {
            return Err(Error::other(format!("the stream is opened with: {head}")));
        }
        spawn_local(listen(stream, Rc::clone(&arrived)));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut publisher = Publisher::open(port, load).await?;
    publisher.publish().await?;
    arrived.wait_for(load.subscribers).await?;
    session::ready()?;
    publish_on(publisher, load, &arrived).await
}

/// Publishes, with so many events on their way, until the time is over, and waits for the last ones.
async fn publish_on(mut publisher: Publisher, load: &FanOut, arrived: &Arrived) -> io::Result<()> {
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(load.seconds);
    let before = arrived.events.get();
    let mut events = 0_usize;
    while Instant::now() < until {
        publisher.publish().await?;
        events += 1;
        let enough = events.saturating_sub(load.window - 1) * load.subscribers;
        arrived.wait_for(before + enough).await?;
    }
    arrived.wait_for(before + events * load.subscribers).await?;
    session::done((events * load.subscribers) as u64, began.elapsed());
    Ok(())
}

/// The connection that publishes.
struct Publisher {
    connection: Connection,
    request: String,
}

impl Publisher {
    async fn open(port: u16, load: &FanOut) -> io::Result<Publisher> {
        let connection = Connection::open(port, load.subscribers).await?;
        let text = "x".repeat(load.size.saturating_sub(1));
        let request = format!(
            "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
             Content-Length: {}\r\n\r\n{text}{}",
            load.size.max(1),
            char::from(MARK),
        );
        Ok(Publisher { connection, request })
    }

    /// Publishes an event; the answer has no body, or a short one of known length.
    async fn publish(&mut self) -> io::Result<()> {
        let head = self.connection.ask(&self.request).await?;
        let status = head.get(9..12).unwrap_or_default();
        if !status.starts_with('2') {
            return Err(Error::other(format!("publishing is answered with: {head}")));
        }
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, value)| value.trim().parse().ok());
        self.connection.skip(length.unwrap_or(0)).await
    }
}

/// How many events all subscribers have got.
struct Arrived {
    events: Cell<usize>,
    more: Notify,
}

impl Arrived {
    async fn wait_for(&self, events: usize) -> io::Result<()> {
        while self.events.get() < events {
            let waited = tokio::time::timeout(Duration::from_secs(10), self.more.notified()).await;
            waited.map_err(|_| Error::other("some subscribers did not get every event"))?;
        }
        Ok(())
    }
}

async fn listen(mut connection: Connection, arrived: Rc<Arrived>) {
    let mut buf = [0; 4096];
    let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == MARK).count();
    let mut events = count(&connection.buf);
    loop {
        arrived.events.set(arrived.events.get() + events);
        arrived.more.notify_one();
        match connection.stream.read(&mut buf).await {
            Ok(len @ 1..) => events = count(&buf[..len]),
            _ => return,
        }
    }
}
