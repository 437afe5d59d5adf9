//! The frames that leave.

use crate::Refusal;
use std::fmt;

/// A request that the library refused by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reset {
    code: u32,
}

/// RFC 9113 §7.
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

impl Reset {
    fn of(code: u32) -> Option<Reset> {
        // These are how streams end that were answered, broke off or were taken back, which is told
        // of where it happens.
        let told = matches!(code, NO_ERROR | INTERNAL_ERROR | CANCEL);
        (!told).then_some(Reset { code })
    }

    pub(crate) fn cause(self) -> Refusal {
        match self.code {
            REFUSED_STREAM => Refusal::TooManyStreams,
            _ => Refusal::BadRequest,
        }
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            REFUSED_STREAM => f.write_str("a connection has more requests than it may"),
            code => write!(f, "a request breaks the rules of HTTP/2 (error {code})"),
        }
    }
}

/// Finds, in the bytes that are written, which streams are reset.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    /// What came of the head of a frame, and of what a reset says.
    head: [u8; RESET],
    len: usize,
    /// How many bytes of the frame are of no interest.
    skip: usize,
}

/// The head of a frame, and a whole `RST_STREAM` (RFC 9113 §§4.1, 6.4).
const HEAD: usize = 9;
const RESET: usize = 13;
const RST_STREAM: u8 = 3;

impl Departures {
    /// Looks at the next bytes.
    pub(crate) fn see(&mut self, mut bytes: &[u8], mut refused: impl FnMut(Reset)) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let is_reset = self.len >= HEAD && self.head[3] == RST_STREAM;
            let wanted = if is_reset { RESET } else { HEAD };
            let taken = (wanted - self.len).min(bytes.len());
            self.head[self.len..self.len + taken].copy_from_slice(&bytes[..taken]);
            self.len += taken;
            bytes = &bytes[taken..];
            if self.len == RESET {
                let code = u32::from_be_bytes([9, 10, 11, 12].map(|at| self.head[at]));
                Reset::of(code).map(&mut refused);
                self.len = 0;
            } else if self.len == HEAD && self.head[3] != RST_STREAM {
                let [high, middle, low, ..] = self.head;
                self.skip = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.len = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, 0, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn resets_are_found_in_pieces_of_any_size() {
        let reset = |code: u32| frame(RST_STREAM, &code.to_be_bytes());
        let bytes = [
            frame(4, &[]),
            reset(1),
            // What looks like a reset within a body is none.
            frame(0, &reset(1)),
            reset(CANCEL),
            reset(REFUSED_STREAM),
            frame(1, &[3; 300]),
            reset(NO_ERROR),
            reset(5),
        ]
        .concat();
        for size in 1..=bytes.len() {
            let (mut departures, mut found) = (Departures::default(), Vec::new());
            for piece in bytes.chunks(size) {
                departures.see(piece, |reset| found.push(reset.code));
            }
            assert_eq!(found, [1, REFUSED_STREAM, 5], "in pieces of {size}");
        }
    }
}
