//! Messages that everybody in a room gets.

use crate::cli::FanOut;
use crate::connect::Connection;
use crate::{frame, session};
use std::cell::Cell;
use std::io::{self, Error};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::task::spawn_local;

pub(crate) async fn run(port: u16, load: &FanOut) -> io::Result<()> {
    let payload = vec![b'x'; load.size];
    let (sent, expected) = (frame::masked_text(&payload), frame::plain_text(&payload));
    let mut members = Vec::new();
    for number in 0..load.subscribers {
        let mut member = Connection::open(port, number).await?;
        member.upgrade("/room", "").await?;
        members.push(member);
    }
    greet(&mut members, &sent, &expected).await?;
    session::ready()?;
    let arrived = Rc::new(Arrived { bytes: Cell::new(0), more: Notify::new() });
    // A writing half that is dropped says goodbye: all are kept.
    let mut writers = Vec::new();
    for member in members {
        let (reader, writer) = member.stream.into_split();
        writers.push(writer);
        spawn_local(listen(reader, Rc::clone(&arrived)));
    }
    let speaker = writers.first_mut().ok_or_else(|| Error::other("a room needs somebody"))?;
    speak(speaker, load, &sent, &arrived, expected.len() * load.subscribers).await
}

/// One message, to see that everybody is in the room and gets what was said. A member whose
/// handshake was answered may not have entered yet; the first message waits a little for that.
async fn greet(members: &mut [Connection], sent: &[u8], expected: &[u8]) -> io::Result<()> {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let Some(speaker) = members.first_mut() else { return Ok(()) };
    speaker.send(sent).await?;
    for member in members {
        if member.frame().await? != expected {
            return Err(Error::other("somebody got what was not said"));
        }
    }
    Ok(())
}

/// How many bytes all members have got.
struct Arrived {
    bytes: Cell<usize>,
    more: Notify,
}

async fn listen(mut reader: OwnedReadHalf, arrived: Rc<Arrived>) {
    let mut buf = [0; 4096];
    while let Ok(len @ 1..) = reader.read(&mut buf).await {
        arrived.bytes.set(arrived.bytes.get() + len);
        arrived.more.notify_one();
    }
}

/// Keeps so many messages on their way until the time is over, and waits for the last ones.
async fn speak(
    speaker: &mut OwnedWriteHalf,
    load: &FanOut,
    sent: &[u8],
    arrived: &Arrived,
    all: usize,
) -> io::Result<()> {
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(load.seconds);
    let give_up = until + Duration::from_secs(20);
    let mut messages = 0;
    loop {
        let got = arrived.bytes.get() / all;
        let is_over = Instant::now() >= until;
        if is_over && got >= messages {
            break;
        }
        if !is_over && messages < got + load.window {
            speaker.write_all(sent).await?;
            messages += 1;
            continue;
        }
        let waited = tokio::time::timeout(Duration::from_secs(10), arrived.more.notified()).await;
        if waited.is_err() || Instant::now() > give_up {
            return Err(Error::other("some members did not get every message"));
        }
    }
    session::done((messages * load.subscribers) as u64, began.elapsed());
    Ok(())
}
