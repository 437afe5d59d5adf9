//! The answer about a file of which everything but its bytes is known.

use crate::conditional::{Precondition, Validators, if_range, precondition};
use crate::range::{Part, part};
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method};
use landspout_handler::{Error, Request, Response};
use std::ops::Range;
use std::time::Duration;

/// What is known of a file.
pub(crate) struct Known {
    pub(crate) content_type: String,
    pub(crate) validators: Validators,
    /// Bytes.
    pub(crate) len: u64,
    pub(crate) max_age: Duration,
}

/// Which bytes to send, and with what before them. No bytes: the response is whole.
pub(crate) type Answer = (Response, Option<Range<u64>>);

/// The `Content-Type` that the name of a file calls for.
pub(crate) fn content_type(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    // Text without a charset is read in the reader's local one.
    if guess.starts_with("text/") { format!("{guess}; charset=utf-8") } else { guess.to_owned() }
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
            let size = text(format!("bytes */{}", known.len));
            let error = Error::new(416, "").with_header(CONTENT_RANGE, size);
            return (error.into(), None);
        }
    };
    let mut response = described(known, status)
        .with_header(CONTENT_LENGTH, (bytes.end - bytes.start).into())
        .with_header(CONTENT_TYPE, text(known.content_type.clone()))
        .with_header(ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == 206 {
        let range = format!("bytes {}-{}/{}", bytes.start, bytes.end - 1, known.len);
        response = response.with_header(CONTENT_RANGE, text(range));
    }
    (response, (!is_head).then_some(bytes))
}

/// What a 200, a 206 and a 304 have in common (RFC 9110 §15.4.5).
fn described(known: &Known, status: u16) -> Response {
    let cache_control = match known.max_age.as_secs() {
        0 => "no-cache".to_owned(),
        seconds => format!("public, max-age={seconds}"),
    };
    let response = Response::empty(status)
        .with_header(ETAG, text(known.validators.etag.clone()))
        .with_header(CACHE_CONTROL, text(cache_control));
    match known.validators.modified {
        Some(modified) => with(response, LAST_MODIFIED, httpdate::fmt_http_date(modified)),
        None => response,
    }
}

fn with(response: Response, name: HeaderName, value: String) -> Response {
    response.with_header(name, text(value))
}

fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("it is made of visible ASCII")
}
