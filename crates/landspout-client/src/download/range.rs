//! What an answer has of a thing that is fetched in parts.

use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderMap, LAST_MODIFIED,
};
use std::time::Duration;

/// What is there of a thing, and how to know that the rest belongs to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Bytes that have been written.
    pub(super) written: u64,
    /// Its length, if the server has said it.
    pub(super) total: Option<u64>,
    /// What it is known by: a value for `If-Range`.
    pub(super) validator: Option<String>,
}

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Its body goes after what was written.
    Append,
    /// Its body is the whole thing; what was written before counts for nothing.
    Replace,
    /// Everything has been written already.
    Complete,
    /// The range does not exist any more: ask for the whole.
    AskForAll,
    /// It is no part of the thing.
    Refuse(&'static str),
    /// It is another status.
    Status,
}

impl Progress {
    /// Whether the rest alone can be asked for.
    pub(super) fn can_resume(&self) -> bool {
        self.written > 0 && self.validator.is_some()
    }

    /// Takes in an answer's head. `asked` says that it answers a request for the rest.
    pub(super) fn take(&mut self, status: StatusCode, headers: &HeaderMap, asked: bool) -> Next {
        match status.as_u16() {
            206 if asked => self.append(headers),
            206 => Next::Refuse("the server sent a part where the whole was asked for"),
            416 if asked => match content_range(headers) {
                Some((None, Some(total))) if total == self.written => Next::Complete,
                _ => Next::AskForAll,
            },
            200..=299 => {
                let total =
                    headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse().ok());
                *self = Progress { written: 0, total, validator: validator(headers) };
                Next::Replace
            }
            _ => Next::Status,
        }
    }

    fn append(&mut self, headers: &HeaderMap) -> Next {
        let Some((Some((first, last)), total)) = content_range(headers) else {
            return Next::Refuse("the part has no Content-Range that can be read");
        };
        if first != self.written {
            return Next::Refuse("the part begins elsewhere than was asked for");
        }
        if last < first || total.is_some_and(|total| last >= total) {
            return Next::Refuse("the part has an impossible Content-Range");
        }
        if self.total.is_some() && total.is_some() && self.total != total {
            return Next::Refuse("the part is one of another length");
        }
        let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok());
        let known = self.validator.as_deref().filter(|known| known.starts_with('"'));
        if etag.zip(known).is_some_and(|(etag, known)| etag != known) {
            return Next::Refuse("the part is one of something else");
        }
        self.total = self.total.or(total);
        Next::Append
    }
}

/// What a thing is known by for certain (RFC 9110 §13.1.5): a strong `ETag`; or a date of change that
/// lies a minute before the answer, so that it has not changed twice within the same second.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    if text(ACCEPT_RANGES).is_some_and(|ranges| ranges.trim().eq_ignore_ascii_case("none")) {
        return None;
    }
    if let Some(etag) = text(ETAG) {
        return etag.starts_with('"').then(|| etag.to_owned());
    }
    let modified = text(LAST_MODIFIED)?;
    let changed = httpdate::parse_http_date(modified).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    let is_old = now.duration_since(changed).is_ok_and(|age| age >= Duration::from_secs(60));
    is_old.then(|| modified.to_owned())
}

type Range = (u64, u64);

/// RFC 9110 §14.4: `bytes 0-9/20`, `bytes 0-9/*` and `bytes */20`.
fn content_range(headers: &HeaderMap) -> Option<(Option<Range>, Option<u64>)> {
    let value = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
    let (unit, value) = value.split_once(' ')?;
    let (range, total) = value.trim().split_once('/')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let total = if total == "*" { None } else { Some(number(total)?) };
    if range == "*" {
        return Some((None, total));
    }
    let (first, last) = range.split_once('-')?;
    Some((Some((number(first)?, number(last)?)), total))
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
