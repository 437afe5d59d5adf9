//! A reader of requests that is as strict as it is slow, to compare the server with.

/// How many requests `bytes` begin with that are whole and have one reading. It stops at the first
/// that is not, because what follows belongs to nobody.
#[must_use]
pub(crate) fn count_requests(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut count = 0;
    while let Some(after) = request(rest) {
        count += 1;
        rest = after;
    }
    count
}

/// Takes a request; what follows it.
fn request(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut first = line(&mut rest)?;
    while first.is_empty() {
        first = line(&mut rest)?;
    }
    let words: Vec<_> = first.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words[..] else { return None };
    let visible = |byte: &u8| (0x21..0x7f).contains(byte);
    let target_is_one = !target.is_empty() && target.iter().all(|b| visible(b) && *b != b'#');
    if !is_token(method) || !target_is_one || !matches!(version, b"HTTP/1.0" | b"HTTP/1.1") {
        return None;
    }
    let (mut lengths, mut codings) = (Vec::new(), Vec::new());
    loop {
        let field = line(&mut rest)?;
        if field.is_empty() {
            break;
        }
        let colon = field.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&field[..colon], &field[colon + 1..]);
        if !is_token(name) || value.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
            return None;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => lengths.push(value.trim_ascii()),
            b"transfer-encoding" => codings.push(value.trim_ascii()),
            _ => {}
        }
    }
    match (&lengths[..], &codings[..]) {
        ([], []) => Some(rest),
        ([length], []) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length: usize =
                std::str::from_utf8(length).ok().filter(|_| digits)?.parse().ok()?;
            rest.get(length..)
        }
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && version == b"HTTP/1.1" => {
            chunks(rest)
        }
        _ => None,
    }
}

/// Takes a body in chunks; what follows it.
fn chunks(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let line = line(&mut rest)?;
        let end = line.iter().position(|byte| matches!(byte, b';' | b' ' | b'\t'));
        let digits = &line[..end.unwrap_or(line.len())];
        let hexadecimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(digits).ok().filter(|_| hexadecimal)?;
        let size = usize::from_str_radix(text, 16).ok()?;
        if size == 0 {
            break;
        }
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    while !line(&mut rest)?.is_empty() {}
    Some(rest)
}

/// Takes a line that ends in CRLF and has no CR or LF in it.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let (line, after) = rest.split_at(end);
    *rest = after.strip_prefix(b"\r\n")?;
    Some(line)
}

fn is_token(bytes: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token)
}
