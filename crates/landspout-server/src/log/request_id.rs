//! Ids of requests.

use http::HeaderValue;
use std::cell::Cell;

/// The longest id that is taken over, in bytes.
const LONGEST: usize = 128;

/// Makes the ids of one loop: 16 digits that are random for the loop, and 16 that count. They are
/// unique; they are no secret.
#[derive(Debug)]
pub(crate) struct RequestIds {
    prefix: u64,
    next: Cell<u64>,
}

impl RequestIds {
    pub(crate) fn new() -> RequestIds {
        // Without randomness, which every system has, the time serves.
        let prefix = getrandom::u64().unwrap_or_else(|_| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
            since.as_secs() ^ (u64::from(since.subsec_nanos()) << 32)
        });
        RequestIds { prefix, next: Cell::new(0) }
    }

    pub(crate) fn make(&self) -> HeaderValue {
        let number = self.next.replace(self.next.get().wrapping_add(1));
        let mut text = [0; 32];
        hex(self.prefix, &mut text[..16]);
        hex(number, &mut text[16..]);
        HeaderValue::from_bytes(&text).expect("hexadecimal digits may stand in a header")
    }
}

fn hex(mut value: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

/// Whether an id that a proxy sends may be taken over: it goes into logs and headers.
pub(crate) fn is_acceptable(id: &HeaderValue) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_and_count() {
        let ids = RequestIds { prefix: 0xab, next: Cell::new(255) };
        assert_eq!(ids.make(), "00000000000000ab00000000000000ff");
        assert_eq!(ids.make(), "00000000000000ab0000000000000100");
        assert_ne!(RequestIds::new().make(), RequestIds::new().make());
    }

    #[test]
    fn what_could_harm_a_log_is_not_taken_over() {
        for (id, acceptable) in [("a-1", true), ("", false), ("a b", false), ("ä", false)] {
            let value = HeaderValue::from_bytes(id.as_bytes()).unwrap();
            assert_eq!(is_acceptable(&value), acceptable, "{id:?}");
        }
        assert!(!is_acceptable(&HeaderValue::from_bytes(&[b'x'; 129]).unwrap()));
    }
}
