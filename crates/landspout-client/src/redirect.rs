//! Where a redirect leads, and what of the request may go there.

use crate::target::{Target, TargetError};
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, EXPECT, HOST, LOCATION, PROXY_AUTHORIZATION, REFERER, TRAILER,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use std::fmt;

/// Headers that tell of a body, and go with it (RFC 9110 §15.4).
const OF_BODY: [HeaderName; 8] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_LOCATION,
    CONTENT_TYPE,
    EXPECT,
    TRAILER,
    TRANSFER_ENCODING,
];

/// Headers that are meant for one origin. `Host` is among them, because a request that named its
/// own would reach the wrong site at the other origin.
const OF_ORIGIN: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST];

/// The request that a redirect asks for.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// Whether the body is sent again.
    pub(crate) keeps_body: bool,
    /// Whether the origin stays the same, so that credentials may come along.
    pub(crate) same_origin: bool,
    /// Whether the request's own settings of TLS come along wherever it leads.
    pub(crate) keeps_tls: bool,
    /// Whether it leads from https to http.
    pub(crate) is_downgrade: bool,
}

/// What an answer asks for: `None` if it is no redirect that says where to go.
pub(crate) fn step(
    status: StatusCode,
    headers: &HeaderMap,
    method: &Method,
    from: &Target,
) -> Result<Option<Step>, RedirectError> {
    let becomes_get = match status.as_u16() {
        // RFC 9110 §15.4.2, §15.4.3: for historical reasons a POST becomes a GET.
        301 | 302 => method == Method::POST,
        // RFC 9110 §15.4.4: a GET of the other resource, whatever this one's method was.
        303 => method != Method::HEAD,
        307 | 308 => false,
        _ => return Ok(None),
    };
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| RedirectError::NotText)?;
    let mut target = from.join(location).map_err(RedirectError::Target)?;
    // Whoever writes a Location does not choose who the client says it is.
    target.credentials = None;
    let same_origin = target.origin == from.origin;
    if same_origin {
        target.credentials.clone_from(&from.credentials);
    }
    let is_downgrade = from.origin.secure && !target.origin.secure;
    Ok(Some(Step {
        method: if becomes_get { Method::GET } else { method.clone() },
        target,
        keeps_body: !becomes_get,
        same_origin,
        keeps_tls: same_origin,
        is_downgrade,
    }))
}

impl Step {
    /// Takes from the headers what may not go along. What was taken stays away, also when a later
    /// redirect leads back.
    pub(crate) fn strip(&self, headers: &mut HeaderMap) {
        let body = (!self.keeps_body).then_some(&OF_BODY[..]);
        let origin = (!self.same_origin).then_some(&OF_ORIGIN[..]);
        for name in [body, origin].into_iter().flatten().flatten() {
            headers.remove(name);
        }
        if !self.same_origin {
            trim_referer(headers, self.is_downgrade);
        }
    }
}

/// What Fetch's default `strict-origin-when-cross-origin` leaves of the page that a request comes
/// from: its origin, and on the way from https to http nothing.
fn trim_referer(headers: &mut HeaderMap, is_downgrade: bool) {
    let Some(referer) = headers.remove(REFERER).filter(|_| !is_downgrade) else { return };
    let page = referer.to_str().ok().and_then(|referer| Target::parse(referer).ok());
    let origin = page.and_then(|page| format!("{}/", page.origin).try_into().ok());
    if let Some(origin) = origin {
        headers.insert(REFERER, origin);
    }
}

/// Why a redirect cannot be followed.
#[derive(Debug)]
pub(crate) enum RedirectError {
    TooMany(usize),
    /// From https to http.
    Downgrade,
    /// The caller's policy is against it.
    Refused(String),
    NotText,
    Target(TargetError),
    /// The body was a stream, which has been read.
    BodyIsGone,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedirectError::TooMany(1) => f.write_str("more than 1 redirect"),
            RedirectError::TooMany(limit) => write!(f, "more than {limit} redirects"),
            RedirectError::Downgrade => f.write_str("it leads from https to http"),
            RedirectError::Refused(reason) => f.write_str(reason),
            RedirectError::NotText => f.write_str("its Location is not text"),
            RedirectError::Target(_) => f.write_str("its Location cannot be gone to"),
            RedirectError::BodyIsGone => f.write_str("the request's body cannot be sent twice"),
        }
    }
}

impl std::error::Error for RedirectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RedirectError::Target(error) => Some(error),
            _ => None,
        }
    }
}
