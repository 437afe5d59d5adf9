//! A second look at the bytes of requests: where each begins and ends, and whether that has one
//! reading.
//!
//! The parser forgives what smuggling is made of, and some of it without a trace: beside a
//! `Transfer-Encoding` it drops the `Content-Length`, of two equal lengths it drops one, it lets a
//! lone LF end a line and cuts a fragment off. So its bytes are looked at again. The look is made
//! when the parser has found a head, at the bytes as they came, and mostly counts line ends; only a
//! head with a body, or in the company of others, is read line by line.

mod chunks;
mod head;

use chunks::Chunks;
use head::Framing;

/// What the parser has found in a head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Header lines.
    pub(crate) lines: usize,
    /// Where in the request line the target ends.
    pub(crate) target_end: usize,
    pub(crate) body: Size,
}

/// How large the parser takes a body to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// There is none.
    None,
    Known(u64),
    /// It comes in chunks.
    Unknown,
}

/// Follows the bytes of one connection beside its parser.
///
/// What was read of heads and not judged lies in a buffer of the loop, which is empty between the
/// polls of connections: a connection that waits for a request has none.
#[derive(Debug)]
pub(crate) struct Witness {
    next: Next,
    /// How much of the loop's buffer was judged.
    judged: usize,
    /// Bytes of earlier polls that were not judged.
    kept: Vec<u8>,
}

/// What the next byte is that comes.
#[derive(Debug)]
enum Next {
    /// Of a head, or between two requests.
    Head,
    /// One of so many bytes of a body.
    Body(u64),
    /// Of a body in chunks.
    Chunks(Chunks),
}

impl Witness {
    pub(crate) fn new() -> Witness {
        Witness { next: Next::Head, judged: 0, kept: Vec::new() }
    }

    /// Sees bytes that the parser is to be given.
    ///
    /// # Errors
    /// Why the body that they belong to is none. The parser must not get them.
    pub(crate) fn see(&mut self, heads: &mut Vec<u8>, bytes: &[u8]) -> Result<(), &'static str> {
        let begin = match &mut self.next {
            Next::Head => 0,
            Next::Body(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                if *left == 0 {
                    self.next = Next::Head;
                }
                len
            }
            Next::Chunks(chunks) => match chunks.follow(bytes)? {
                Some(end) => {
                    self.next = Next::Head;
                    end
                }
                None => bytes.len(),
            },
        };
        heads.extend_from_slice(&bytes[begin..]);
        Ok(())
    }

    /// Judges the head that the parser has found in the bytes that it was given.
    ///
    /// # Errors
    /// Why the request has more than one reading. The connection must end with the answer.
    pub(crate) fn judge(&mut self, heads: &[u8], found: Found) -> Result<(), &'static str> {
        let fresh = &heads[self.judged..];
        if self.kept.is_empty() {
            self.judged += match found.body {
                Size::None if is_plain(fresh, found) => fresh.len(),
                _ => self.end_of_request(fresh, found)?,
            };
            return Ok(());
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend_from_slice(fresh);
        self.judged = heads.len();
        let end = self.end_of_request(&kept, found)?;
        kept.drain(..end);
        self.kept = kept;
        Ok(())
    }

    /// Keeps what was not judged, at the end of a poll.
    pub(crate) fn keep(&mut self, heads: &mut Vec<u8>) {
        self.kept.extend_from_slice(&heads[self.judged..]);
        if self.kept.is_empty() {
            // A connection that waits is to own no memory.
            self.kept = Vec::new();
        }
        self.judged = 0;
        heads.clear();
    }

    /// Reads the head that `bytes` begin with; gives how many of them are the request's.
    fn end_of_request(&mut self, bytes: &[u8], found: Found) -> Result<usize, &'static str> {
        let head = head::read(bytes)?;
        let size = match head.framing {
            Framing::Bodiless | Framing::Length(0) => Size::None,
            Framing::Length(length) => Size::Known(length),
            Framing::Chunked => Size::Unknown,
        };
        // A parser that does not see the same is not to be followed anywhere.
        if size != found.body || head.lines != found.lines {
            return Err("the end of the request is not certain");
        }
        let rest = &bytes[head.len..];
        let body = match head.framing {
            Framing::Bodiless => 0,
            Framing::Length(length) => {
                let here = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                if length > here as u64 {
                    self.next = Next::Body(length - here as u64);
                }
                here
            }
            Framing::Chunked => {
                let mut chunks = Chunks::new();
                match chunks.follow(rest)? {
                    Some(end) => end,
                    None => {
                        self.next = Next::Chunks(chunks);
                        rest.len()
                    }
                }
            }
        };
        Ok(head.len + body)
    }
}

/// Whether the bytes are one head and nothing else, of the lines that the parser found and no other
/// ones, each of which ends in CRLF, with a target that the parser has whole.
///
/// A CR that is no line's end the parser has refused. So there are as many of each as lines.
fn is_plain(bytes: &[u8], found: Found) -> bool {
    let lines = found.lines + 2;
    bytes.ends_with(b"\r\n\r\n")
        && bytes.get(found.target_end) == Some(&b' ')
        && count_line_ends(bytes) == (lines, lines)
}

/// How many CR and LF there are. In pieces that the processor looks at as a whole.
fn count_line_ends(bytes: &[u8]) -> (usize, usize) {
    const PIECE: usize = 32;
    let (mut crs, mut lfs) = (0, 0);
    let mut count = |piece: &[u8; PIECE]| {
        let (mut cr, mut lf) = (0_u8, 0_u8);
        for byte in piece {
            cr += u8::from(*byte == b'\r');
            lf += u8::from(*byte == b'\n');
        }
        crs += usize::from(cr);
        lfs += usize::from(lf);
    };
    let (pieces, rest) = bytes.as_chunks::<PIECE>();
    pieces.iter().for_each(&mut count);
    let mut last = [0; PIECE];
    last[..rest.len()].copy_from_slice(rest);
    count(&last);
    (crs, lfs)
}
