//! Masking (RFC 6455 §5.3).

use std::cell::RefCell;

/// A masking key.
pub(crate) type Key = [u8; 4];

/// XORs the bytes with the key, the first byte with the key's first; applied twice it undoes
/// itself.
pub(crate) fn apply(bytes: &mut [u8], key: Key) {
    let word = u32::from_ne_bytes(key);
    // As wide as four vectors of 16 bytes, which is what the compiler makes of it.
    let (blocks, rest) = bytes.as_chunks_mut::<64>();
    for block in blocks {
        let (words, _) = block.as_chunks_mut::<4>();
        for chunk in words {
            *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
        }
    }
    let (words, rest) = rest.as_chunks_mut::<4>();
    for chunk in words {
        *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

/// The key as it continues after so many bytes.
pub(crate) fn rotated(mut key: Key, bytes: usize) -> Key {
    key.rotate_left(bytes % 4);
    key
}

/// How many random bytes are asked of the system at once: a request costs as much as some
/// hundred bytes of masking.
const RESERVE: usize = 1024;

thread_local! {
    /// Random bytes that no frame has used, taken from the end.
    static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A fresh key. RFC 6455 §10.3: a server's application must not be able to foretell it, or it
/// could write bytes of its choice on the wire and confuse a proxy.
///
/// # Panics
///
/// When the system has no random numbers to give.
pub(crate) fn key() -> Key {
    RANDOM.with_borrow_mut(|reserve| {
        if reserve.is_empty() {
            reserve.resize(RESERVE, 0);
            getrandom::fill(reserve).expect("the system gives random numbers");
        }
        let at = reserve.len() - 4;
        let key = [reserve[at], reserve[at + 1], reserve[at + 2], reserve[at + 3]];
        reserve.truncate(at);
        key
    })
}

#[cfg(test)]
mod tests {
    use super::{apply, key, rotated};

    #[test]
    fn every_length_and_every_start_is_masked_like_byte_by_byte() {
        let key = [1, 20, 130, 255];
        for len in 0..200 {
            let plain: Vec<u8> = (0..len).collect();
            for start in 0..=plain.len() {
                let mut masked = plain.clone();
                let (head, tail) = masked.split_at_mut(start);
                apply(head, key);
                apply(tail, rotated(key, start));
                let naive: Vec<u8> =
                    plain.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
                assert_eq!(masked, naive);
            }
        }
    }

    #[test]
    fn keys_differ() {
        let keys: std::collections::HashSet<_> = (0..1000).map(|_| key()).collect();
        assert!(keys.len() > 990);
    }
}
