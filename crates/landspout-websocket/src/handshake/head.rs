//! The head of an HTTP/1.1 message, where no HTTP library has read it.

use super::HandshakeError;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Version};

/// The longest head that is read, in bytes.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// The most header lines: a map of more would cost more than it is worth.
const MAX_HEADERS: usize = 100;

/// Where the head ends, behind its empty line, if it has ended.
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// What a request says before its body.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
}

impl RequestHead {
    /// Reads a head that has ended (RFC 9112 §3).
    pub(crate) fn parse(head: &[u8]) -> Result<RequestHead, HandshakeError> {
        let (line, headers) = split(head)?;
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HandshakeError::Head);
        };
        if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
            return Err(HandshakeError::Head);
        }
        Ok(RequestHead {
            method: Method::from_bytes(method).map_err(|_| HandshakeError::Head)?,
            version: parse_version(version)?,
            headers: parse_headers(headers)?,
        })
    }
}

/// What a response says before its body.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl ResponseHead {
    /// Reads a head that has ended (RFC 9112 §4).
    pub(crate) fn parse(head: &[u8]) -> Result<ResponseHead, HandshakeError> {
        let (line, headers) = split(head)?;
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let (Some(version), Some(status)) = (parts.next(), parts.next()) else {
            return Err(HandshakeError::Head);
        };
        parse_version(version)?;
        Ok(ResponseHead {
            status: StatusCode::from_bytes(status).map_err(|_| HandshakeError::Head)?,
            headers: parse_headers(headers)?,
        })
    }
}

/// The first line, and the lines after it up to the empty one.
fn split(head: &[u8]) -> Result<(&[u8], &[u8]), HandshakeError> {
    let end = head.windows(2).position(|window| window == b"\r\n").ok_or(HandshakeError::Head)?;
    let headers = head[end..].strip_suffix(b"\r\n").ok_or(HandshakeError::Head)?;
    Ok((&head[..end], headers.get(2..).unwrap_or_default()))
}

fn parse_version(bytes: &[u8]) -> Result<Version, HandshakeError> {
    match bytes {
        b"HTTP/1.1" => Ok(Version::HTTP_11),
        b"HTTP/1.0" => Ok(Version::HTTP_10),
        _ => Err(HandshakeError::Head),
    }
}

/// Reads lines that each end with CR LF. A line that continues another (RFC 9112 §5.2) begins
/// with a space, which is no name, and so is refused.
fn parse_headers(mut lines: &[u8]) -> Result<HeaderMap, HandshakeError> {
    let mut headers = HeaderMap::new();
    while let Some(end) = lines.windows(2).position(|window| window == b"\r\n") {
        let line = &lines[..end];
        lines = &lines[end + 2..];
        let colon = line.iter().position(|byte| *byte == b':').ok_or(HandshakeError::Head)?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| HandshakeError::Head)?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
            .map_err(|_| HandshakeError::Head)?;
        headers.append(name, value);
        if headers.len() > MAX_HEADERS {
            return Err(HandshakeError::Head);
        }
    }
    if lines.is_empty() { Ok(headers) } else { Err(HandshakeError::Head) }
}

/// Appends the header lines and the empty line.
pub(crate) fn write_headers(headers: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
