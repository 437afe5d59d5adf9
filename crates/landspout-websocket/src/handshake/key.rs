//! The key and its answer, which show that both sides mean a WebSocket.

use crate::mask;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// RFC 6455 §1.3: the text that no other protocol appends to a key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Sixteen random bytes, in base64.
pub(super) fn random() -> String {
    let key = [mask::key(), mask::key(), mask::key(), mask::key()].concat();
    STANDARD.encode(key)
}

/// RFC 6455 §4.2.1: sixteen bytes in base64, which are 24 characters.
pub(super) fn is_valid(key: &[u8]) -> bool {
    key.len() == 24 && STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// What the server answers to the key.
pub(super) fn answer(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}
