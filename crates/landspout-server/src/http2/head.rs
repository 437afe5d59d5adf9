//! A request of HTTP/2 in the form in which HTTP/1.1 would have brought it, so that handlers and
//! checks see one thing.

use crate::refusals::Refused;
use crate::{Refusal, ServerConfig};
use http::header::{COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri};

/// Rewrites the head: the authority becomes the `Host`, the URI has a path and a query, and all
/// cookies are in one header. `extended` says that a CONNECT asks for another protocol, which
/// HTTP/1.1 would have asked for by a GET.
///
/// # Errors
/// Why the request is refused.
pub(crate) fn unify(
    head: &mut Parts,
    extended: bool,
    config: &ServerConfig,
) -> Result<(), Refused> {
    if head.headers.len() > config.header_count {
        return Err(Refused::new(Refusal::HeaderTooLarge, "there are too many headers"));
    }
    if list_bytes(head) > config.header_bytes {
        return Err(Refused::new(Refusal::HeaderTooLarge, "the head of the request is too large"));
    }
    join_cookies(&mut head.headers);
    if head.method == Method::CONNECT && extended {
        head.method = Method::GET;
    }
    if let Some(authority) = head.uri.authority() {
        set_host(&mut head.headers, authority.as_str())?;
    }
    if let Some(path) = head.uri.path_and_query().cloned() {
        head.uri = Uri::from(path);
    }
    Ok(())
}

/// RFC 9113 §6.5.2: names, values and 32 bytes for each line, those of the request line too.
fn list_bytes(head: &Parts) -> usize {
    let uri = &head.uri;
    let target = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let line = head.method.as_str().len() + target + authority + REQUEST_LINE;
    let lines = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
    line + lines.sum::<usize>()
}

/// `:method`, `:scheme`, `:authority` and `:path`, with the longer one of the schemes.
const REQUEST_LINE: usize = 7 + 7 + 10 + 5 + 4 * 32 + 5;

/// RFC 9113 §8.3.1: `Host` and `:authority` are to be the same. Two servers in a row could believe
/// different ones.
fn set_host(headers: &mut HeaderMap, authority: &str) -> Result<(), Refused> {
    let differs = |host: &HeaderValue| !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes());
    if headers.get_all(HOST).iter().any(differs) {
        return Err(Refused::new(Refusal::BadRequest, "the Host header is not the authority"));
    }
    if headers.get_all(HOST).iter().count() > 1 {
        return Err(Refused::new(Refusal::BadRequest, "there is more than one Host header"));
    }
    let host = HeaderValue::from_str(authority)
        .map_err(|_| Refused::new(Refusal::BadRequest, "the authority is malformed"))?;
    headers.insert(HOST, host);
    Ok(())
}

/// RFC 9113 §8.2.3: a client may split its cookies for better compression.
fn join_cookies(headers: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        headers.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::unify;
    use crate::ServerConfig;
    use http::header::{COOKIE, HOST};
    use http::request::Parts;
    use http::{HeaderValue, Request};

    fn head(uri: &str, headers: &[(&'static str, &str)]) -> Parts {
        let (mut head, ()) = Request::new(()).into_parts();
        head.uri = uri.parse().unwrap();
        for (name, value) in headers {
            head.headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        head
    }

    #[test]
    fn the_authority_becomes_the_host() {
        for headers in [&[][..], &[("host", "a.example:80")], &[("host", "A.Example:80")]] {
            let mut head = head("https://a.example:80/x?y=1", headers);
            unify(&mut head, false, &ServerConfig::default()).unwrap();
            assert_eq!(head.uri, "/x?y=1");
            assert_eq!(head.headers[HOST], "a.example:80");
        }
    }

    #[test]
    fn another_host_than_the_authority_is_refused() {
        for hosts in [&[("host", "b")][..], &[("host", "a"), ("host", "b")], &[("host", "a:80")]] {
            let mut head = head("https://a/", hosts);
            assert!(unify(&mut head, false, &ServerConfig::default()).is_err(), "{hosts:?}");
        }
    }

    #[test]
    fn cookies_are_joined() {
        let mut head = head("https://a/", &[("cookie", "a=1"), ("cookie", "b=2; c=3")]);
        unify(&mut head, false, &ServerConfig::default()).unwrap();
        let cookies: Vec<_> = head.headers.get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
    }
}
