//! The bytes of a file, on their way out.

use super::at_once::{self, AtOnce};
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use landspout_handler::Body;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use tokio::task::{spawn_blocking, yield_now};

/// Files up to this size are read in one go, larger ones in pieces of it: 64 KiB. One go to the
/// thread pool costs tens of microseconds, as much as reading this many bytes from the page cache.
const PIECE: u64 = 64 * 1024;

/// After so many bytes that were in memory, others get their turn: 512 KiB, which take a loop some
/// 200 microseconds.
const TURN: u64 = 8 * PIECE;

/// The next `len` bytes of a file as a body, the first of them read here. For a thread that may wait.
pub(crate) fn read(mut file: File, len: u64) -> io::Result<Body> {
    if len <= PIECE {
        return Ok(read_piece(&mut file, len)?.into());
    }
    Ok(pieces(file, len, None))
}

/// The same where nothing is waited for.
pub(crate) fn read_at_once(file: File, len: u64) -> AtOnce<Body> {
    if len > PIECE {
        return match read_in_memory(&file, len) {
            AtOnce::Done(first) => AtOnce::Done(pieces(file, len, Some(first))),
            AtOnce::Waits => AtOnce::Done(pieces(file, len, None)),
            AtOnce::Unsupported => AtOnce::Unsupported,
        };
    }
    let mut bytes = vec![0; piece_len(len)];
    let mut filled = 0;
    while filled < bytes.len() {
        match at_once::read(&file, &mut bytes[filled..]) {
            AtOnce::Done(len) => filled += len,
            AtOnce::Waits => return AtOnce::Waits,
            AtOnce::Unsupported => return AtOnce::Unsupported,
        }
    }
    AtOnce::Done(bytes.into())
}

/// One piece after the other, each when the one before is on its way: none is read ahead. What is in
/// memory is read at once, what is not by a thread of the pool.
fn pieces(file: File, len: u64, first: Option<Bytes>) -> Body {
    Body::stream(try_unfold((file, len, 0, first), |(file, left, mut turn, first)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        if turn >= TURN {
            yield_now().await;
            turn = 0;
        }
        let (piece, file) = match first {
            Some(first) => (first, file),
            None => read_next(file, left).await?,
        };
        let len = piece.len() as u64;
        Ok(Some((piece, (file, left - len, turn + len, None))))
    }))
}

async fn read_next(mut file: File, left: u64) -> io::Result<(Bytes, File)> {
    if let AtOnce::Done(piece) = read_in_memory(&file, left) {
        return Ok((piece, file));
    }
    let read = spawn_blocking(move || Ok((read_piece(&mut file, left)?, file))).await;
    read.map_err(io::Error::other).flatten()
}

thread_local! {
    /// The piece that was read last on this thread: its memory is used again once it is written.
    static LAST: Cell<Bytes> = const { Cell::new(Bytes::new()) };
}

/// The next bytes of a file, if some are in memory.
fn read_in_memory(file: &File, left: u64) -> AtOnce<Bytes> {
    let mut buf = LAST.take().try_into_mut().unwrap_or_else(|_| BytesMut::new());
    buf.resize(piece_len(left), 0);
    let read = at_once::read(file, &mut buf);
    if let AtOnce::Done(len) = read {
        buf.truncate(len);
    }
    let piece = buf.freeze();
    LAST.set(piece.clone());
    read.map(|_| piece)
}

/// The next bytes of a file: all that are left, or a piece's worth.
fn read_piece(file: &mut File, left: u64) -> io::Result<Bytes> {
    let mut piece = vec![0; piece_len(left)];
    file.read_exact(&mut piece)?;
    Ok(piece.into())
}

fn piece_len(left: u64) -> usize {
    usize::try_from(left.min(PIECE)).expect("a piece is small")
}
