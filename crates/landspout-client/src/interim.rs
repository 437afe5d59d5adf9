//! Interim answers (1xx), counted as their bytes come.

/// Interim answers that are passed over before the answer proper; one more is too many. As many as
/// Tornado's client takes.
const MAX_INTERIM: u32 = 10;

/// Bytes of a status line before the status: `HTTP/1.1 `.
const BEFORE_STATUS: u8 = 9;

/// Counts the interim answers before an answer.
///
/// Whoever parses the answer passes over them without an end, and would tell of each at the price
/// of four allocations for every request. Nearly all answers have none, which their tenth byte says.
#[derive(Debug, Default)]
pub(crate) struct Interim {
    count: u32,
    place: Place,
}

/// Where the bytes read so far end.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a status line, after so many bytes of it.
    Status(u8),
    /// In the rest of the head of an interim answer; whether its current line is empty so far.
    Rest { line_is_empty: bool },
    /// In the answer proper.
    Proper,
}

impl Interim {
    /// Reads on, and tells whether there are too many of them.
    pub(crate) fn flood(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if matches!(self.place, Place::Proper) {
                break;
            }
            self.place = self.step(byte);
        }
        self.count > MAX_INTERIM
    }

    fn step(&mut self, byte: u8) -> Place {
        match (self.place, byte) {
            (Place::Proper, _) => Place::Proper,
            // RFC 9112 §2.2: empty lines may stand before a status line.
            (Place::Status(0), b'\r' | b'\n') => Place::Status(0),
            (Place::Status(read), _) if read < BEFORE_STATUS => Place::Status(read + 1),
            (Place::Status(BEFORE_STATUS), b'1') => Place::Status(BEFORE_STATUS + 1),
            (Place::Status(BEFORE_STATUS), _) => Place::Proper,
            (Place::Status(10), b'0') => Place::Status(11),
            // 101 is an answer proper (RFC 9110 §15.2.2).
            (Place::Status(11), b'1') => Place::Proper,
            (Place::Status(_), _) => {
                self.count += 1;
                Place::Rest { line_is_empty: false }
            }
            (Place::Rest { line_is_empty: true }, b'\n') => Place::Status(0),
            (Place::Rest { .. }, b'\n') => Place::Rest { line_is_empty: true },
            (rest, b'\r') => rest,
            (Place::Rest { .. }, _) => Place::Rest { line_is_empty: false },
        }
    }
}

impl Default for Place {
    fn default() -> Place {
        Place::Status(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Interim, MAX_INTERIM};
    use proptest::prelude::*;

    /// Whether it is a flood, read in pieces of `size` bytes.
    fn floods(bytes: &str, size: usize) -> bool {
        let mut interim = Interim::default();
        bytes.as_bytes().chunks(size).any(|piece| interim.flood(piece))
    }

    proptest! {
        #[test]
        fn heads_of_any_form_and_in_any_pieces_are_counted(
            heads in prop::collection::vec((
                prop::sample::select(&["100 Continue", "102 ", "103", "199 x"][..]),
                prop::sample::select(&["", "a: b", "a: b\r\nlink: </x>", "a: \rb"][..]),
                prop::bool::ANY,
                prop::sample::select(&["", "\r\n", "\n\r\n"][..]),
            ), 0..25),
            last in prop::sample::select(&["200 OK", "101 Switching Protocols", "404 "][..]),
            size in 1..80_usize,
        ) {
            let mut text = String::new();
            for (status, headers, bare, before) in &heads {
                let end = if *bare { "\n" } else { "\r\n" };
                let headers = if headers.is_empty() { String::new() } else { format!("{headers}{end}") };
                text += &format!("{before}HTTP/1.1 {status}{end}{headers}{end}");
            }
            let answer = format!("HTTP/1.1 {last}\r\n\r\n");
            text += &answer.repeat(1 + MAX_INTERIM as usize);
            prop_assert_eq!(floods(&text, size), heads.len() > MAX_INTERIM as usize);
        }
    }
}
