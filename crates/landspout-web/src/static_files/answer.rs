//! The answer about a file of which everything but its bytes is known.

use crate::conditional::{Precondition, Validators, if_range, precondition};
use crate::range::{Part, part};
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method};
use httpdate::HttpDate;
use landspout_handler::{Error, Request, Response};
use std::fmt;
use std::io::{Cursor, Write};
use std::ops::Range;
use std::time::Duration;

/// What is known of a file.
pub(crate) struct Known {
    pub(crate) content_type: HeaderValue,
    pub(crate) validators: Validators,
    /// Bytes.
    pub(crate) len: u64,
    pub(crate) cache_control: HeaderValue,
}

/// Which bytes to send, and with what before them. No bytes: the response is whole.
pub(crate) type Answer = (Response, Option<Range<u64>>);

/// The `Content-Type` that the name of a file calls for.
pub(crate) fn content_type(name: &str) -> HeaderValue {
    // Text without a charset is read in the reader's local one.
    match mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream") {
        "text/css" => HeaderValue::from_static("text/css; charset=utf-8"),
        "text/html" => HeaderValue::from_static("text/html; charset=utf-8"),
        "text/javascript" => HeaderValue::from_static("text/javascript; charset=utf-8"),
        "text/plain" => HeaderValue::from_static("text/plain; charset=utf-8"),
        guess if guess.starts_with("text/") => value(format_args!("{guess}; charset=utf-8")),
        guess => HeaderValue::from_static(guess),
    }
}

/// Whether the name of a file calls for a `Content-Type`.
pub(crate) fn has_type(name: &str) -> bool {
    mime_guess::from_path(name).first_raw().is_some()
}

/// The `Cache-Control` for a file that may be used so long without asking, in whole seconds.
pub(crate) fn cache_control(max_age: Duration) -> HeaderValue {
    match max_age.as_secs() {
        0 => HeaderValue::from_static("no-cache"),
        seconds => value(format_args!("public, max-age={seconds}")),
    }
}

/// The answer to a method that files do not know; `None` for GET and HEAD.
pub(crate) fn to_method(method: &Method) -> Option<Response> {
    const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
    match *method {
        Method::GET | Method::HEAD => None,
        Method::OPTIONS => Some(Response::empty(204).with_header(ALLOW, ALLOWED)),
        _ => Some(Error::new(405, "").with_header(ALLOW, ALLOWED).into()),
    }
}

/// Answers a GET or HEAD for a file.
pub(crate) fn about(known: &Known, request: &Request) -> Answer {
    let headers = request.headers();
    match precondition(headers, &known.validators) {
        Precondition::Holds => {}
        Precondition::NotModified => return (described(known, 304), None),
        Precondition::Fails => return (Error::new(412, "").into(), None),
    }
    let is_head = *request.method() == Method::HEAD;
    // RFC 9110 §14.2: a Range is defined for GET alone.
    let part = match !is_head && if_range(headers, &known.validators) {
        true => part(headers, known.len),
        false => Part::Whole,
    };
    let (status, bytes) = match part {
        Part::Whole => (200, 0..known.len),
        Part::Bytes(bytes) => (206, bytes),
        Part::Unsatisfiable => {
            let size = value(format_args!("bytes */{}", known.len));
            let error = Error::new(416, "").with_header(CONTENT_RANGE, size);
            return (error.into(), None);
        }
    };
    let mut response = described(known, status)
        .with_header(CONTENT_LENGTH, (bytes.end - bytes.start).into())
        .with_header(CONTENT_TYPE, known.content_type.clone())
        .with_header(ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == 206 {
        let last = bytes.end - 1;
        let range = value(format_args!("bytes {}-{last}/{}", bytes.start, known.len));
        response = response.with_header(CONTENT_RANGE, range);
    }
    (response, (!is_head).then_some(bytes))
}

/// What a 200, a 206 and a 304 have in common (RFC 9110 §15.4.5).
fn described(known: &Known, status: u16) -> Response {
    let response = Response::empty(status)
        .with_header(ETAG, known.validators.etag.clone())
        .with_header(CACHE_CONTROL, known.cache_control.clone());
    match known.validators.modified {
        Some(modified) => {
            let modified = value(format_args!("{}", HttpDate::from(modified)));
            response.with_header(LAST_MODIFIED, modified)
        }
        None => response,
    }
}

/// A value that is written where there is room for it, and copied once.
pub(crate) fn value(text: fmt::Arguments<'_>) -> HeaderValue {
    let mut room = Cursor::new([0; 128]);
    let text = match room.write_fmt(text) {
        Ok(()) => {
            let len = usize::try_from(room.position()).expect("it is within the room");
            HeaderValue::from_bytes(&room.get_ref()[..len])
        }
        Err(_) => HeaderValue::try_from(text.to_string()),
    };
    text.expect("it is made of visible ASCII")
}
