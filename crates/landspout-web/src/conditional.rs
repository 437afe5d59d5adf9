//! Whether a client already has what it asks for.

use http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, HeaderValue};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What tells one state of a resource from another.
#[derive(Debug, Clone)]
pub(crate) struct Validators {
    /// A strong entity tag, with its quotes.
    pub(crate) etag: HeaderValue,
    /// When it was changed last, in whole seconds, which is all that HTTP's dates can say.
    pub(crate) modified: Option<SystemTime>,
}

/// What the preconditions of a GET or HEAD come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    Holds,
    /// 304: the client has it.
    NotModified,
    /// 412: the client wants it in another state only.
    Fails,
}

/// Evaluates the preconditions in the order of RFC 9110 §13.2.2.
pub(crate) fn precondition(headers: &HeaderMap, validators: &Validators) -> Precondition {
    let holds = match tags(headers, IF_MATCH) {
        Some(tags) => matches_strongly(&tags, &validators.etag),
        None => match (date(headers, IF_UNMODIFIED_SINCE), validators.modified) {
            (Some(since), Some(modified)) => modified <= since,
            _ => true,
        },
    };
    let changed = match tags(headers, IF_NONE_MATCH) {
        Some(tags) => !matches_weakly(&tags, &validators.etag),
        None => match (date(headers, IF_MODIFIED_SINCE), validators.modified) {
            (Some(since), Some(modified)) => modified > since,
            _ => true,
        },
    };
    match (holds, changed) {
        (false, _) => Precondition::Fails,
        (true, false) => Precondition::NotModified,
        (true, true) => Precondition::Holds,
    }
}

/// RFC 9110 §13.1.5: whether a `Range` is to be heeded; if not, the whole is sent.
pub(crate) fn if_range(headers: &HeaderMap, validators: &Validators) -> bool {
    let Some(condition) = headers.get(IF_RANGE) else { return true };
    let Ok(condition) = condition.to_str() else { return false };
    match httpdate::parse_http_date(condition) {
        // A date is right only when it is exactly that of the resource.
        Ok(date) => validators.modified == Some(date),
        // The comparison is strong: a weak tag, `W/"…"`, never equals.
        Err(_) => condition == validators.etag,
    }
}

/// A time without its fraction of a second.
pub(crate) fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// The entity tags of all lines of a field; `None` without one.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<Vec<&str>> {
    let lines = headers.get_all(name);
    lines.iter().next()?;
    let lines = lines.iter().filter_map(|line| line.to_str().ok());
    Some(lines.flat_map(split_tags).collect())
}

/// RFC 9110 §8.8.3: a tag is in quotes, and may have a comma between them. No byte is looked at
/// twice, however long the list is.
fn split_tags(line: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = match rest.split_once(['"', ',']) {
            Some((before, behind)) if rest.as_bytes()[before.len()] == b'"' => {
                behind.find('"').map_or(rest.len(), |close| before.len() + close + 2)
            }
            // Without a quote before the next comma it is `*`, or not a tag.
            Some((before, _)) => before.len(),
            None => rest.len(),
        };
        tags.push(rest[..end].trim());
        rest = rest[end..].trim_start_matches([' ', '\t', ',']);
    }
    tags
}

fn matches_strongly(tags: &[&str], etag: &HeaderValue) -> bool {
    tags.iter().any(|&tag| tag == "*" || tag == etag)
}

fn matches_weakly(tags: &[&str], etag: &HeaderValue) -> bool {
    tags.iter().any(|&tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// A date of a field; one that is malformed or comes twice is ignored (RFC 9110 §13.1.3).
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    httpdate::parse_http_date(line.to_str().ok()?).ok()
}
