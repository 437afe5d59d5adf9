//! A body in chunks, followed to its end (RFC 9112 §7.1).

/// The longest line before a chunk: its size, and extensions that nobody uses. Without a bound they
/// would be a way to make the server work for bytes that are no body.
const LINE: usize = 256;

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line before a chunk; so many bytes of it were read, which tell this size.
    Line { read: usize, size: u64, part: Part },
    /// In a chunk, or in the CRLF after it: so many bytes are left, with the CRLF.
    Data(u64),
    /// After the last chunk, in a line of which so many bytes were read.
    Trailer { read: usize, cr: bool },
}

/// What a line before a chunk is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Size,
    /// What follows a space or a semicolon.
    Extension,
    Cr,
}

impl Chunks {
    pub(super) fn new() -> Chunks {
        Chunks::Line { read: 0, size: 0, part: Part::Size }
    }

    /// Follows `bytes`; gives how many of them belong to the body if it ends among them.
    ///
    /// # Errors
    /// Why they are no chunks.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let mut at = 0;
        while at < bytes.len() {
            match self {
                Chunks::Data(left) => at += follow_data(left, &bytes[at..])?,
                Chunks::Line { .. } | Chunks::Trailer { .. } => {
                    let byte = bytes[at];
                    at += 1;
                    if self.step(byte)? {
                        return Ok(Some(at));
                    }
                }
            }
            if *self == Chunks::Data(0) {
                *self = Chunks::new();
            }
        }
        Ok(None)
    }

    /// Takes a byte of a line; true if the body ends with it.
    fn step(&mut self, byte: u8) -> Result<bool, &'static str> {
        match self {
            Chunks::Line { read, size, part } => {
                *read += 1;
                if *read > LINE {
                    return Err("a line before a chunk is too long");
                }
                match (*part, byte) {
                    (Part::Size, _) if byte.is_ascii_hexdigit() => {
                        let digit = (byte as char).to_digit(16).expect("it is a hexadecimal digit");
                        let grown =
                            size.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
                        *size = grown.ok_or("a chunk is too large")?;
                    }
                    (Part::Size, b';' | b' ' | b'\t') if *read > 1 => *part = Part::Extension,
                    (Part::Size, b'\r') if *read > 1 => *part = Part::Cr,
                    (Part::Extension, b'\r') => *part = Part::Cr,
                    (Part::Extension, b'\t' | b' '..=b'~' | 0x80..) => {}
                    (Part::Cr, b'\n') => *self = after_line(*size)?,
                    _ => return Err("the size of a chunk is malformed"),
                }
                Ok(false)
            }
            Chunks::Trailer { read, cr } => match (*cr, byte) {
                (true, b'\n') => {
                    let last = *read == 1;
                    (*read, *cr) = (0, false);
                    Ok(last)
                }
                (true, _) | (false, b'\n') => Err("a trailer is malformed"),
                (false, _) => {
                    (*read, *cr) = (*read + 1, byte == b'\r');
                    Ok(false)
                }
            },
            Chunks::Data(_) => Ok(false),
        }
    }
}

fn after_line(size: u64) -> Result<Chunks, &'static str> {
    match size {
        0 => Ok(Chunks::Trailer { read: 0, cr: false }),
        size => Ok(Chunks::Data(size.checked_add(2).ok_or("a chunk is too large")?)),
    }
}

/// Follows a chunk and its CRLF; gives how many of the bytes are theirs.
fn follow_data(left: &mut u64, bytes: &[u8]) -> Result<usize, &'static str> {
    if *left > 2 {
        let len = usize::try_from(*left - 2).unwrap_or(usize::MAX).min(bytes.len());
        *left -= len as u64;
        return Ok(len);
    }
    let wanted = if *left == 2 { b'\r' } else { b'\n' };
    if bytes[0] != wanted {
        return Err("a chunk does not end where it should");
    }
    *left -= 1;
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::Chunks;

    #[test]
    fn a_body_ends_where_it_ends_in_pieces_of_any_size() {
        for body in [
            "0\r\n\r\n",
            "3;x\r\nabc\r\n2\r\n\r\n\r\n0\r\nT: x\r\n\r\n",
            "0a \r\n0123456789\r\n00\r\n\r\n",
        ] {
            let bytes = format!("{body}GET /");
            for size in 1..bytes.len() {
                let mut chunks = Chunks::new();
                let mut seen = 0;
                let end = bytes.as_bytes().chunks(size).find_map(|piece| {
                    let end = chunks.follow(piece).unwrap();
                    seen += piece.len();
                    end.map(|end| seen - piece.len() + end)
                });
                assert_eq!(end, Some(body.len()), "{body:?} in {size}");
            }
        }
    }
}
