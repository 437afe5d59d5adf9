//! Messages that come back.

use crate::cli::EchoLoad;
use crate::connect::Connection;
use crate::{frame, session};
use std::cell::Cell;
use std::io::{self, Error};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::task::{JoinHandle, spawn_local};

pub(crate) async fn run(port: u16, load: &EchoLoad) -> io::Result<()> {
    let payload = vec![b'x'; load.size];
    let (sent, expected) = (frame::masked_text(&payload), frame::plain_text(&payload));
    let mut connections = Vec::new();
    for number in 0..load.connections {
        let mut connection = Connection::open(port, number).await?;
        connection.upgrade("/echo", "").await?;
        connection.send(&sent).await?;
        if connection.frame().await? != expected {
            return Err(Error::other("the echo is not what was sent"));
        }
        connections.push(connection);
    }
    session::ready()?;
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(load.seconds);
    let count = Rc::new(Cell::new(0));
    let batch: Rc<[u8]> = sent.repeat(load.in_flight).into();
    let expected = expected.len() * load.in_flight;
    let start = |connection| {
        let batch = Batch { sent: Rc::clone(&batch), expected, messages: load.in_flight as u64 };
        spawn_local(batch.exchange(connection, until, Rc::clone(&count)))
    };
    let tasks: Vec<JoinHandle<io::Result<()>>> = connections.into_iter().map(start).collect();
    for task in tasks {
        task.await??;
    }
    session::done(count.get(), began.elapsed());
    Ok(())
}

/// What is sent at once, and how many bytes come back.
struct Batch {
    sent: Rc<[u8]>,
    expected: usize,
    messages: u64,
}

impl Batch {
    async fn exchange(
        self,
        mut connection: Connection,
        until: Instant,
        count: Rc<Cell<u64>>,
    ) -> io::Result<()> {
        let mut buf = vec![0; self.expected.clamp(4096, 64 * 1024)];
        while Instant::now() < until {
            connection.send(&self.sent).await?;
            let mut missing = self.expected;
            while missing > 0 {
                match connection.stream.read(&mut buf).await? {
                    0 => return Err(Error::other("the server closed a connection")),
                    len if len > missing => return Err(Error::other("more came than was sent")),
                    len => missing -= len,
                }
            }
            count.set(count.get() + self.messages);
        }
        Ok(())
    }
}
