//! The memory that a thread reads into: one piece for all its connections.

use crate::error::ProtocolError;
use crate::message::Message;
use crate::protocol::{Event, Protocol};
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// As much as one read takes, in bytes.
const SIZE: usize = 64 * 1024;

thread_local! {
    /// Absent before the first read, and during a read: a socket may itself be a WebSocket's.
    static BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// What came of reading.
pub(crate) enum Read {
    Bytes(Result<Option<Event>, ProtocolError>),
    End,
    Failed(io::Error),
}

/// Reads once, and gives the first event of what was read: a message in one plain frame, as most
/// are, or another one. What is behind it is added to the rest.
#[inline(always)]
pub(crate) fn poll_read(
    io: Pin<&mut impl AsyncRead>,
    cx: &mut Context<'_>,
    protocol: &mut Protocol,
    rest: &mut Vec<u8>,
) -> Poll<Result<Message, Read>> {
    let mut buffer = take_buffer();
    let mut read = ReadBuf::new(&mut buffer);
    let polled = match io.poll_read(cx, &mut read) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(())) if let Some((message, used)) = protocol.whole(read.filled_mut()) => {
            if used < read.filled().len() {
                rest.extend_from_slice(&read.filled()[used..]);
            }
            Poll::Ready(Ok(message))
        }
        Poll::Ready(result) => {
            Poll::Ready(Err(read_any(result, read.filled_mut(), protocol, rest)))
        }
    };
    BUFFER.set(Some(buffer));
    polled
}

/// What was read, if it is not just a message.
#[inline(never)]
fn read_any(
    result: io::Result<()>,
    bytes: &mut [u8],
    protocol: &mut Protocol,
    rest: &mut Vec<u8>,
) -> Read {
    match result {
        Err(error) => Read::Failed(error),
        Ok(()) if bytes.is_empty() => Read::End,
        Ok(()) => Read::Bytes(protocol.receive_any(bytes).map(|received| {
            rest.extend_from_slice(&bytes[received.used..]);
            received.event
        })),
    }
}

/// Reads once and appends it; says how many bytes there were.
pub(crate) fn poll_append(
    io: Pin<&mut impl AsyncRead>,
    cx: &mut Context<'_>,
    bytes: &mut Vec<u8>,
) -> Poll<io::Result<usize>> {
    with_buffer(|buffer| {
        let mut read = ReadBuf::new(buffer);
        ready!(io.poll_read(cx, &mut read))?;
        bytes.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
}

/// Reads once and forgets it; false at the end of the stream.
pub(crate) fn poll_discard(io: Pin<&mut impl AsyncRead>, cx: &mut Context<'_>) -> Poll<bool> {
    with_buffer(|buffer| {
        let mut read = ReadBuf::new(buffer);
        match ready!(io.poll_read(cx, &mut read)) {
            Ok(()) => Poll::Ready(!read.filled().is_empty()),
            Err(_) => Poll::Ready(false),
        }
    })
}

fn with_buffer<T>(act: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = take_buffer();
    let result = act(&mut buffer);
    BUFFER.set(Some(buffer));
    result
}

#[inline]
fn take_buffer() -> Box<[u8]> {
    BUFFER.take().unwrap_or_else(|| vec![0; SIZE].into_boxed_slice())
}
