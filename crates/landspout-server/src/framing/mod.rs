//! A second look at the bytes of requests: where each begins and ends, and whether that has one
//! reading.
//!
//! The parser forgives what smuggling is made of, and some of it without a trace: beside a
//! `Transfer-Encoding` it drops the `Content-Length`, of two equal lengths it drops one, it lets a
//! lone LF end a line and cuts a fragment off. So its bytes are looked at again. The look is made
//! when the parser has found a head, at the bytes as they came, and mostly follows line ends: where
//! there are as many lines as the parser has fields, it has dropped none. Only a head that is not so,
//! or whose body comes in chunks, is read field by field.

mod chunks;
mod head;

use chunks::Chunks;
use head::Framing;
use memchr::memchr;

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
    #[inline]
    pub(crate) fn judge(&mut self, heads: &[u8], found: Found) -> Result<(), &'static str> {
        if !self.kept.is_empty() {
            return self.judge_kept(heads, found);
        }
        let fresh = &heads[self.judged..];
        self.judged += match (plain_len(fresh, found), found.body) {
            // Most requests are no more than a head.
            (Some(len), Size::None) => len,
            (plain, _) => self.end_of_request(fresh, found, plain)?,
        };
        Ok(())
    }

    /// Judges a head that began in an earlier poll.
    #[inline(never)]
    fn judge_kept(&mut self, heads: &[u8], found: Found) -> Result<(), &'static str> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend_from_slice(&heads[self.judged..]);
        self.judged = heads.len();
        let plain = plain_len(&kept, found);
        let end = self.end_of_request(&kept, found, plain)?;
        kept.drain(..end);
        self.kept = kept;
        Ok(())
    }

    /// Keeps what was not judged, at the end of a poll.
    pub(crate) fn keep(&mut self, heads: &mut Vec<u8>) {
        if self.judged < heads.len() {
            self.kept.extend_from_slice(&heads[self.judged..]);
        } else if self.kept.is_empty() && self.kept.capacity() > 0 {
            // A connection that waits is to own no memory.
            self.kept = Vec::new();
        }
        self.judged = 0;
        heads.clear();
    }

    /// Follows the request that `bytes` begin with, whose head is so long if it is plain; gives how
    /// many of them are its own.
    #[inline(never)]
    fn end_of_request(
        &mut self,
        bytes: &[u8],
        found: Found,
        plain: Option<usize>,
    ) -> Result<usize, &'static str> {
        let head = match plain {
            Some(len) => len,
            None => read_closely(bytes, found)?,
        };
        let rest = &bytes[head..];
        let body = match found.body {
            Size::None => 0,
            Size::Known(length) => {
                let here = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                if length > here as u64 {
                    self.next = Next::Body(length - here as u64);
                }
                here
            }
            Size::Unknown => {
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
        Ok(head + body)
    }
}

/// Reads the head that `bytes` begin with field by field; gives how many bytes it is long.
fn read_closely(bytes: &[u8], found: Found) -> Result<usize, &'static str> {
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
    Ok(head.len)
}

/// How many bytes the head is long that `bytes` begin with, if it has just the lines that the parser
/// found, each of which ends in CRLF, and a target that the parser has whole.
///
/// A CR that is no line's end the parser has refused, so only the LFs are looked for. A length that is
/// told twice, or beside chunks, is at least one line that the parser has not kept; one that it has
/// kept it has read as digits and nothing else.
#[inline]
fn plain_len(bytes: &[u8], found: Found) -> Option<usize> {
    if found.body == Size::Unknown {
        return None;
    }
    // The rest of a request line that is not as most are is left to a closer look.
    let version = bytes.get(found.target_end..)?.strip_prefix(b" HTTP/1.")?;
    if !version.get(1..)?.starts_with(b"\r\n") {
        return None;
    }
    let mut rest = &version[3..];
    for _ in 0..found.lines {
        let end = memchr(b'\n', rest)?;
        // An empty line would end the head, and a lone LF somewhere else the line.
        if end < 2 || rest[end - 1] != b'\r' {
            return None;
        }
        rest = &rest[end + 1..];
    }
    rest.starts_with(b"\r\n").then(|| bytes.len() - rest.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::{Found, Size, head, plain_len, read_closely};

    fn found(lines: usize, body: Size) -> Found {
        Found { lines, target_end: "GET /".len(), body }
    }

    #[test]
    fn the_quick_look_ends_a_head_where_the_closer_one_does() {
        let heads = [
            ("GET / HTTP/1.0\r\n\r\n", 0, Size::None),
            ("GET / HTTP/1.1\r\nhost: a\r\nb:\r\n\r\n", 2, Size::None),
            ("PUT / HTTP/1.1\r\nhost: a\r\nContent-Length: 9\r\n\r\n", 2, Size::Known(9)),
        ];
        for (head, lines, body) in heads {
            for next in ["", "\r\n", "GET / HTTP/1.1\r\n\r\n", "\n\n"] {
                let bytes = format!("{head}{next}");
                let len = head::read(bytes.as_bytes()).unwrap().len;
                assert_eq!(plain_len(bytes.as_bytes(), found(lines, body)), Some(len), "{bytes:?}");
            }
        }
    }

    #[test]
    fn the_quick_look_leaves_everything_else_to_the_closer_one() {
        for bytes in [
            "GET / HTTP/1.1\nhost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\n",
            "GET / HTTP/1.1\r\n\nhost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\nhost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nb: c\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n",
            "GET / HTTP/1.1\r\n",
            "\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /#a HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /  HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /",
            "",
        ] {
            assert_eq!(plain_len(bytes.as_bytes(), found(1, Size::None)), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_quick_look_leaves_lines_that_the_parser_dropped_to_the_closer_one() {
        for (lines, body) in [
            ("content-length: 9\r\ncontent-length: 9", Size::Known(9)),
            ("content-length: 9\r\ntransfer-encoding: chunked", Size::Unknown),
            ("transfer-encoding: chunked\r\ncontent-length: 9", Size::Unknown),
        ] {
            let bytes = format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n");
            assert_eq!(plain_len(bytes.as_bytes(), found(1, body)), None, "{bytes:?}");
            assert!(read_closely(bytes.as_bytes(), found(1, body)).is_err(), "{bytes:?}");
        }
    }
}
