//! Which part of a resource a client asks for.

use http::HeaderMap;
use http::header::RANGE;
use std::ops::Range;

/// What a `Range` field comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// 200: there is no such field, or it is to be ignored.
    Whole,
    /// 206: these bytes, at least one.
    Bytes(Range<u64>),
    /// 416: there are no such bytes.
    Unsatisfiable,
}

/// Reads the `Range` field for a resource of `len` bytes (RFC 9110 §14.2).
///
/// A field that is malformed, in another unit or of several ranges is ignored, as §14.2 allows: the
/// client gets the whole, and nobody gets a thousand overlapping parts.
pub(crate) fn part(headers: &HeaderMap, len: u64) -> Part {
    let mut lines = headers.get_all(RANGE).iter();
    match (lines.next().map(|line| line.to_str()), lines.next()) {
        (Some(Ok(line)), None) => parse(line, len).unwrap_or(Part::Whole),
        _ => Part::Whole,
    }
}

fn parse(line: &str, len: u64) -> Option<Part> {
    let (unit, range) = line.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    if first.is_empty() {
        return Some(match position(last)? {
            0 => Part::Unsatisfiable,
            _ if len == 0 => Part::Whole,
            suffix => Part::Bytes(len.saturating_sub(suffix)..len),
        });
    }
    let first = position(first)?;
    let last = match last {
        "" => u64::MAX,
        last => position(last)?,
    };
    if last < first {
        return None;
    }
    Some(match first < len {
        true => Part::Bytes(first..last.saturating_add(1).min(len)),
        false => Part::Unsatisfiable,
    })
}

/// Digits alone; a number too big for any file is the biggest.
fn position(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}
