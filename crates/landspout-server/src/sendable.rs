//! What an answer must be like to be sent.

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use landspout_handler::{Body, Response};

/// Puts an answer right where that is possible without a doubt, and returns its Content-Length if it
/// has one.
///
/// `upgraded` says that the handler has taken the right to the connection.
///
/// # Errors
/// HTTP has no form for this answer, which is a mistake of the handler.
#[inline]
pub(crate) fn make_sendable(
    response: &mut Response,
    is_head: bool,
    upgraded: bool,
) -> Result<Option<u64>, &'static str> {
    match leaves_framing(response) {
        true => Ok(None),
        false => put_right(response, is_head, upgraded),
    }
}

/// Whether the handler has left it to the server to say where the answer ends, and it may have a body
/// of any length. So it is with most.
fn leaves_framing(response: &Response) -> bool {
    let status = response.status();
    let has_content = !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED;
    let mut names = response.headers().keys();
    has_content && names.all(|name| *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING)
}

#[inline(never)]
fn put_right(
    response: &mut Response,
    is_head: bool,
    upgraded: bool,
) -> Result<Option<u64>, &'static str> {
    let status = response.status();
    if status.is_informational() {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err("a handler answered with an interim status");
        }
        if !upgraded {
            return Err("a handler answered 101 and did not take the upgrade");
        }
    }
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        // RFC 9110 §8.6: these have no Content-Length, and no content.
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
    }
    if status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
    }
    let bodiless = is_head || status == StatusCode::NOT_MODIFIED;
    let declared = check_framing(response)?;
    match (declared, response.body().len()) {
        (None, _) => {}
        (Some(declared), Some(len)) if len == declared => {}
        // RFC 9110 §8.6: then it tells of the body that a GET would bring.
        (Some(_), _) if bodiless => *response.body_mut() = Body::empty(),
        (Some(_), Some(_)) => return Err("a handler's Content-Length is not that of its body"),
        // Of an announced nothing, no missing piece could tell the client that there was more.
        (Some(0), None) => return Err("a handler's Content-Length is 0 and its body is a stream"),
        (Some(_), None) => {}
    }
    Ok(declared)
}

fn check_framing(response: &mut Response) -> Result<Option<u64>, &'static str> {
    let (declared, coded) = framing(response.headers())?;
    if coded {
        // Framing is the server's, and RFC 9112 §6.1 forbids this one beside a Content-Length.
        response.headers_mut().remove(TRANSFER_ENCODING);
    }
    Ok(declared)
}

/// The Content-Length, and whether there is a Transfer-Encoding.
fn framing(headers: &HeaderMap) -> Result<(Option<u64>, bool), &'static str> {
    let mut declared = None;
    let mut coded = false;
    for (name, value) in headers {
        if *name == CONTENT_LENGTH {
            let len = parse_len(value).ok_or("a handler's Content-Length is not a number")?;
            if declared.replace(len).is_some() {
                return Err("a handler set more than one Content-Length");
            }
        }
        coded |= *name == TRANSFER_ENCODING;
    }
    Ok((declared, coded))
}

fn parse_len(value: &HeaderValue) -> Option<u64> {
    let digits = value.to_str().ok()?;
    // `parse` alone would take a sign too.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
