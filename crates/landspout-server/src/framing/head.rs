//! The head of a request as bytes, read for nothing but where the request ends.

use memchr::memchr;

/// How the end of a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// It ends with its head.
    Bodiless,
    /// So many bytes follow.
    Length(u64),
    /// Chunks follow.
    Chunked,
}

/// A head that has one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes, with the empty line.
    pub(super) len: usize,
    /// Header lines.
    pub(super) lines: usize,
    pub(super) framing: Framing,
}

/// Reads a head that its parser has found to be whole and well-formed.
///
/// # Errors
/// Why another server might read it differently. RFC 9112 would let some of these pass; but what
/// follows from that is in its §11.2.
pub(super) fn read(bytes: &[u8]) -> Result<Head, &'static str> {
    let mut rest = bytes;
    // RFC 9112 §2.2: empty lines before a request are to be ignored.
    let mut target = line(&mut rest)?;
    while target.is_empty() {
        target = line(&mut rest)?;
    }
    // A fragment is no part of a request target (RFC 9112 §3.2). Who ignores it and who does not
    // ask for two resources.
    if target.contains(&b'#') {
        return Err("the URI has a fragment");
    }
    let mut lines = 0;
    let mut framing = None;
    loop {
        let field = line(&mut rest)?;
        if field.is_empty() {
            let len = bytes.len() - rest.len();
            return Ok(Head { len, lines, framing: framing.unwrap_or(Framing::Bodiless) });
        }
        lines += 1;
        if let Some(found) = framing_of(field)?
            && framing.replace(found).is_some()
        {
            return Err("the length of the body is told more than once");
        }
    }
}

/// Takes the next line, without its end.
fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let bytes = *rest;
    let end = memchr(b'\n', bytes).ok_or("the head is not whole")?;
    *rest = &bytes[end + 1..];
    // RFC 9112 §2.2 lets a lone LF end a line. A server in front that does not, and takes it for a
    // part of the value, lets fields through that it has not seen.
    bytes[..end].strip_suffix(b"\r").ok_or("a line ends in a lone LF")
}

/// The framing that a header line tells of.
fn framing_of(field: &[u8]) -> Result<Option<Framing>, &'static str> {
    // Most lines are told apart by their first byte.
    if !matches!(field[0] | 0x20, b'c' | b't') {
        return Ok(None);
    }
    let Some(colon) = memchr(b':', field) else { return Ok(None) };
    let (name, value) = (&field[..colon], field[colon + 1..].trim_ascii());
    if name.eq_ignore_ascii_case(b"content-length") {
        let length = parse_length(value).ok_or("the Content-Length is not one number")?;
        return Ok(Some(Framing::Length(length)));
    }
    if name.eq_ignore_ascii_case(b"transfer-encoding") {
        // RFC 9112 §6.1 allows other codings before this one. Nobody sends them, and servers
        // differ in what they make of them.
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err("the Transfer-Encoding is not chunked");
        }
        return Ok(Some(Framing::Chunked));
    }
    Ok(None)
}

/// Digits and nothing else (RFC 9110 §8.6): no sign, no list.
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |length, byte| match byte {
        b'0'..=b'9' => length.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}
