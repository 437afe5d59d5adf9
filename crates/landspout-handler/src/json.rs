//! A value as the bytes of its JSON.

use bytes::Bytes;
use serde::Serialize;
use std::cell::Cell;

/// A value that takes more is not copied, and its buffer not kept: it would stay with its thread.
/// Bytes.
const MOST_KEPT: usize = 16 * 1024;

thread_local! {
    /// Empty, with the room that earlier values took.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Writes into memory that is there already, and copies: a buffer of its own would grow several
/// times, and be larger than what is in it at the end.
pub(crate) fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, serde_json::Error> {
    // A thread that is ending has none.
    let mut text = SPARE.try_with(Cell::take).unwrap_or_default();
    serde_json::to_writer(&mut text, value)?;
    if text.capacity() > MOST_KEPT {
        return Ok(text.into());
    }
    let bytes = Bytes::copy_from_slice(&text);
    text.clear();
    let _ = SPARE.try_with(|spare| spare.set(text));
    Ok(bytes)
}
