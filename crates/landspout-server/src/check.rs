//! What a request must be like before a handler sees it, beyond what its parser checks.

use crate::hosts::Hosts;
use crate::refusals::Refused;
use crate::{Refusal, ServerConfig};
use http::header::{EXPECT, HOST, UPGRADE};
use http::{HeaderMap, Method, Uri, Version};
use landspout_handler::Request;
use std::net::Ipv6Addr;

/// What the head says that is acted on later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked {
    /// Whether the client would speak another protocol.
    pub(crate) wants_upgrade: bool,
}

/// What could be read differently counts before what is merely not wanted: the connection ends with
/// the one, and goes on after the other.
///
/// # Errors
/// Why the request is refused.
#[inline]
pub(crate) fn check(
    request: &Request,
    config: &ServerConfig,
    hosts: &Hosts,
) -> Result<Checked, Refused> {
    match is_plain(request, config, hosts) {
        true => Ok(Checked { wants_upgrade: false }),
        false => check_closely(request, config, hosts),
    }
}

/// Whether a request is as most are: a common method, a path, and of the headers that matter here
/// none but a `Host`, which is the first. The closer look finds nothing else in it.
fn is_plain(request: &Request, config: &ServerConfig, hosts: &Hosts) -> bool {
    let is_common = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE | Method::PATCH
    );
    let uri = request.uri();
    let has_path = || {
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        path.starts_with('/') && path.len() <= config.uri_bytes && path.is_ascii()
    };
    is_common
        && config.method_bytes >= LONGEST_COMMON
        && uri.authority().is_none()
        && has_path()
        && hosts.is_any()
        && has_only_host(request.headers(), hosts)
}

/// The longest of the common methods has six letters.
const LONGEST_COMMON: usize = "DELETE".len();

fn has_only_host(headers: &HeaderMap, hosts: &Hosts) -> bool {
    let Some((first, host)) = headers.iter().next() else { return false };
    let mut names = headers.keys().skip(1);
    *first == HOST
        && headers.len() == headers.keys_len()
        && names.all(|name| *name != EXPECT && *name != UPGRADE)
        && hosts.is_host(host.as_bytes(), is_host)
}

#[inline(never)]
fn check_closely(
    request: &Request,
    config: &ServerConfig,
    hosts: &Hosts,
) -> Result<Checked, Refused> {
    check_target(request.method(), request.uri())?;
    let checked = check_headers(request.version(), request.headers(), hosts)?;
    check_method(request.method(), config)?;
    check_len(request.uri(), config)?;
    if !hosts.is_any() {
        check_host(request.uri(), request.headers(), hosts)?;
    }
    Ok(checked)
}

fn check_method(method: &Method, config: &ServerConfig) -> Result<(), Refused> {
    // RFC 9112 §3: 501 for a method longer than any that the server implements.
    if method.as_str().len() > config.method_bytes {
        return Err(Refused::new(Refusal::Method, "the method is not known"));
    }
    // RFC 9110 §9.3.6: CONNECT asks for a tunnel, and this is no proxy.
    if *method == Method::CONNECT {
        return Err(Refused::new(Refusal::Method, "this server is no proxy"));
    }
    Ok(())
}

/// RFC 9112 §3: 414 for a target longer than any that the server wishes to parse.
fn check_len(uri: &Uri, config: &ServerConfig) -> Result<(), Refused> {
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    if path + authority > config.uri_bytes {
        return Err(Refused::new(Refusal::UriTooLong, "the URI is too long"));
    }
    Ok(())
}

fn check_target(method: &Method, uri: &Uri) -> Result<(), Refused> {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let authority = uri.authority().map(http::uri::Authority::as_str);
    // RFC 3986 §2: a URI is ASCII.
    if !path.is_ascii() {
        return Err(Refused::new(Refusal::BadRequest, "the URI has bytes that are not ASCII"));
    }
    if let Some(authority) = authority {
        // RFC 9112 §3.2.2, the absolute form; §3.2.3, the authority form, is CONNECT's alone.
        let is_ours = match uri.scheme_str() {
            Some(scheme) => matches!(scheme, "http" | "https"),
            None => *method == Method::CONNECT,
        };
        if !is_ours || !is_host(authority.as_bytes()) {
            return Err(Refused::new(Refusal::BadRequest, "the URI is not one of this server"));
        }
    } else if path == "*" {
        // RFC 9112 §3.2.4: the asterisk form is for OPTIONS.
        if *method != Method::OPTIONS {
            return Err(Refused::new(Refusal::BadRequest, "only OPTIONS may ask for *"));
        }
    } else if !path.starts_with('/') {
        return Err(Refused::new(Refusal::BadRequest, "the URI has no path"));
    }
    Ok(())
}

/// All headers in one pass: to look for each of them costs more in the heads that clients send.
fn check_headers(version: Version, headers: &HeaderMap, hosts: &Hosts) -> Result<Checked, Refused> {
    let modern = version >= Version::HTTP_11;
    let mut found = 0;
    let mut wants_upgrade = false;
    let mut is_expectation_known = true;
    for (name, value) in headers {
        if *name == HOST {
            found += 1;
            if !hosts.is_host(value.as_bytes(), is_host) {
                return Err(Refused::new(Refusal::BadRequest, "the Host header is malformed"));
            }
        } else if *name == EXPECT {
            // RFC 9110 §10.1.1: another expectation cannot be met. HTTP/1.0 has none.
            is_expectation_known &=
                !modern || value.as_bytes().eq_ignore_ascii_case(b"100-continue");
        } else if *name == UPGRADE {
            // RFC 9110 §7.8: of HTTP/1.0 it is to be ignored.
            wants_upgrade = modern;
        }
    }
    // RFC 9112 §3.2: exactly one; HTTP/1.0 may have none.
    match found {
        1 if !is_expectation_known => {
            Err(Refused::new(Refusal::Expectation, "the expectation is not known"))
        }
        1 => Ok(Checked { wants_upgrade }),
        0 if !modern => Ok(Checked { wants_upgrade }),
        0 => Err(Refused::new(Refusal::BadRequest, "the Host header is missing")),
        _ => Err(Refused::new(Refusal::BadRequest, "there is more than one Host header")),
    }
}

fn check_host(uri: &Uri, headers: &HeaderMap, hosts: &Hosts) -> Result<(), Refused> {
    // RFC 9112 §3.2.2: what the URI says counts, and not the header.
    let host = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST).and_then(|host| host.to_str().ok()),
    };
    match host {
        Some(host) if hosts.serve(host) => Ok(()),
        _ => Err(Refused::new(Refusal::Misdirected, "this host is not served here")),
    }
}

/// `host [ ":" port ]` of RFC 3986 §3.2. The comma, which a name could have in theory, is refused:
/// in practice it is a list of two hosts, of which two servers in a row may believe different ones.
pub(crate) fn is_host(bytes: &[u8]) -> bool {
    if let [b'[', rest @ ..] = bytes {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
        let address = std::str::from_utf8(&rest[..end]).ok();
        return address.is_some_and(|text| text.parse::<Ipv6Addr>().is_ok())
            && is_port(&rest[end + 1..]);
    }
    let end = bytes.iter().position(|byte| !NAME_BYTES[usize::from(*byte)]);
    let (name, port) = bytes.split_at(end.unwrap_or(bytes.len()));
    !name.is_empty() && is_port(port)
}

/// RFC 3986 §3.2.2, `reg-name`.
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'$'..=b'+' | b'-' | b'.' | b';' | b'=' | b'_' | b'~')
}

/// Looked up and not computed: it is asked for each byte of the host of each request.
static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_name_byte(byte as u8);
        byte += 1;
    }
    table
};

/// Nothing, or a colon and a port, which RFC 3986 §3.2.3 lets be empty.
fn is_port(bytes: &[u8]) -> bool {
    match bytes {
        [] | [b':'] => true,
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u16>().is_ok())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, headers: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::new(method.parse().unwrap(), uri.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        request
    }

    #[test]
    fn a_plain_request_is_one_in_which_the_closer_look_finds_nothing() {
        let (config, any) = (ServerConfig::default(), Hosts::new(&[]));
        for (method, headers) in [
            ("GET", &[("host", "a")][..]),
            ("PATCH", &[("host", "a:80"), ("accept", "*/*"), ("cookie", "a=b")]),
            ("DELETE", &[("host", "[::1]:8080"), ("content-length", "3")]),
        ] {
            let request = request(method, "/path?query", headers);
            assert!(is_plain(&request, &config, &any), "{request:?}");
            let checked = check_closely(&request, &config, &any).unwrap();
            assert!(!checked.wants_upgrade, "{request:?}");
        }
    }

    #[test]
    fn what_is_refused_or_wants_an_upgrade_is_not_plain() {
        let (config, any) = (ServerConfig::default(), Hosts::new(&[]));
        let long = format!("/{}", "a".repeat(config.uri_bytes));
        for (method, uri, headers) in [
            ("CONNECT", "a:80", &[("host", "a")][..]),
            ("MADEUP", "/", &[("host", "a")]),
            ("GET", "*", &[("host", "a")]),
            ("GET", "ftp://a/", &[("host", "a")]),
            ("GET", "/\u{e4}", &[("host", "a")]),
            ("GET", &long, &[("host", "a")]),
            ("GET", "/", &[]),
            ("GET", "/", &[("host", "")]),
            ("GET", "/", &[("host", "a, b")]),
            ("GET", "/", &[("host", "a"), ("host", "a")]),
            ("GET", "/", &[("host", "a"), ("expect", "more")]),
            ("GET", "/", &[("host", "a"), ("upgrade", "websocket")]),
            ("GET", "/", &[("upgrade", "websocket"), ("host", "a")]),
        ] {
            let request = request(method, uri, headers);
            assert!(!is_plain(&request, &config, &any), "{request:?}");
        }
        let request = request("GET", "/", &[("host", "a")]);
        assert!(!is_plain(&request, &config, &Hosts::new(&["b".into()])));
        assert!(!is_plain(&request, &config.clone().method_bytes(5), &any));
    }
}
