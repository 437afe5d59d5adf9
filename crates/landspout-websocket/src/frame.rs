//! The head of a frame (RFC 6455 §5.2).

use crate::error::ProtocolError;
use crate::mask::Key;
use crate::role::Role;

/// The longest head: two bytes, eight of length, four of mask.
pub(crate) const MAX_HEAD: usize = 14;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const MASKED: u8 = 0x80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn new(number: u8) -> Result<Opcode, ProtocolError> {
        Ok(match number {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(ProtocolError::Opcode(number)),
        })
    }

    pub(crate) fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// What a frame's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) key: Option<Key>,
    pub(crate) len: u64,
}

impl Head {
    /// Reads a head and says how many bytes it took; `None` wants more bytes. What is wrong in
    /// the first byte or the second is told without waiting for the others.
    ///
    /// `role` is the reader's. `rsv1` says whether the connection compresses messages.
    pub(crate) fn parse(
        bytes: &[u8],
        role: Role,
        rsv1: bool,
    ) -> Result<Option<(Head, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let opcode = Opcode::new(first & 0x0F)?;
        let fin = first & FIN != 0;
        // RFC 6455 §5.2: a reserved bit without an extension that defines it fails the
        // connection. RFC 7692 §6 defines RSV1 on the first frame of a message only.
        let compressed = first & RSV1 != 0;
        let may_compress = rsv1 && matches!(opcode, Opcode::Text | Opcode::Binary);
        if first & 0x30 != 0 || (compressed && !may_compress) {
            return Err(ProtocolError::ReservedBits);
        }
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        match (role, second & MASKED != 0) {
            (Role::Server, false) => return Err(ProtocolError::Unmasked),
            (Role::Client, true) => return Err(ProtocolError::Masked),
            _ => {}
        }
        let short = second & 0x7F;
        if opcode.is_control() && short > 125 {
            return Err(ProtocolError::LongControl);
        }
        let Some((len, mut used)) = parse_len(bytes, short)? else { return Ok(None) };
        let mut key = None;
        if role == Role::Server {
            let Some(mask) = bytes[used..].first_chunk::<4>() else { return Ok(None) };
            key = Some(*mask);
            used += 4;
        }
        Ok(Some((Head { opcode, fin, rsv1: compressed, key, len }, used)))
    }

    /// Appends the head to the bytes.
    #[inline(always)]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let first =
            self.opcode as u8 | if self.fin { FIN } else { 0 } | if self.rsv1 { RSV1 } else { 0 };
        let masked = if self.key.is_some() { MASKED } else { 0 };
        match self.len {
            0..=125 => out.extend_from_slice(&[first, masked | self.len as u8]),
            126..=0xFFFF => {
                let len = (self.len as u16).to_be_bytes();
                out.extend_from_slice(&[first, masked | 126, len[0], len[1]]);
            }
            _ => {
                out.extend_from_slice(&[first, masked | 127]);
                out.extend_from_slice(&self.len.to_be_bytes());
            }
        }
        if let Some(key) = self.key {
            out.extend_from_slice(&key);
        }
    }
}

/// The head of an uncompressed message in one frame of less than 64 KiB.
#[derive(Clone, Debug)]
pub(crate) struct SimpleHead {
    pub(crate) is_text: bool,
    pub(crate) key: Option<Key>,
    /// Where the payload begins.
    pub(crate) begin: usize,
    /// The payload's length, which may not be all there.
    pub(crate) len: usize,
}

impl SimpleHead {
    /// Reads a head; `None` if it is of another kind, or wrong, or not all there.
    #[inline(always)]
    pub(crate) fn parse(bytes: &[u8], role: Role) -> Option<SimpleHead> {
        let [first, second, ..] = *bytes else { return None };
        let is_text = match first ^ FIN {
            1 => true,
            2 => false,
            _ => return None,
        };
        let is_server = role == Role::Server;
        if (second & MASKED != 0) != is_server {
            return None;
        }
        let (mut begin, len) = match second & !MASKED {
            short @ 0..=125 => (2, usize::from(short)),
            126 => match u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?) {
                0..=125 => return None,
                len => (4, usize::from(len)),
            },
            _ => return None,
        };
        let mut key = None;
        if is_server {
            key = Some(*bytes.get(begin..)?.first_chunk()?);
            begin += 4;
        }
        Some(SimpleHead { is_text, key, begin, len })
    }
}

/// The length, and where it ends.
fn parse_len(bytes: &[u8], short: u8) -> Result<Option<(u64, usize)>, ProtocolError> {
    let (len, used, least) = match short {
        126 => match bytes[2..].first_chunk::<2>() {
            Some(len) => (u64::from(u16::from_be_bytes(*len)), 4, 126),
            None => return Ok(None),
        },
        127 => match bytes[2..].first_chunk::<8>() {
            Some(len) => (u64::from_be_bytes(*len), 10, 0x1_0000),
            None => return Ok(None),
        },
        short => (u64::from(short), 2, 0),
    };
    // RFC 6455 §5.2: the shortest of the three forms must be used, and the highest bit is 0.
    if len < least || len > i64::MAX as u64 {
        return Err(ProtocolError::Length);
    }
    Ok(Some((len, used)))
}

#[cfg(test)]
mod tests {
    use super::{Head, Opcode, SimpleHead};
    use crate::role::Role;
    use proptest::prelude::{any, prop, proptest};

    proptest! {
        #[test]
        fn a_simple_head_is_what_the_whole_parser_reads(
            first in prop::sample::select(vec![0x81, 0x82, 0x80, 0x01, 0xC1, 0x88, 0x83]),
            rest in prop::collection::vec(any::<u8>(), 0..14),
        ) {
            let bytes = [&[first][..], &rest].concat();
            for role in [Role::Server, Role::Client] {
                let Some(simple) = SimpleHead::parse(&bytes, role) else { continue };
                let (head, end) = Head::parse(&bytes, role, false).unwrap().unwrap();
                assert_eq!(head.opcode == Opcode::Text, simple.is_text);
                assert!(head.fin && !head.rsv1 && !head.opcode.is_control());
                assert_eq!((head.key, head.len as usize), (simple.key, simple.len));
                assert_eq!(end, simple.begin);
            }
        }
    }
}
