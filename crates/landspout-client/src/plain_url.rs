//! URLs that need no putting right.

use http::uri::PathAndQuery;
use std::net::Ipv4Addr;

/// A URL as nearly all programs write it, taken apart.
///
/// Reading a URL as browsers do costs more than sending the request. Most are already in the form
/// that this would bring them to; for those, and for no others, the parts are read off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlainUrl<'a> {
    pub(crate) secure: bool,
    /// Host and port as they were written.
    pub(crate) authority: &'a str,
    /// Bytes of the host in `authority`.
    pub(crate) host_len: usize,
    /// `None` for the scheme's own.
    pub(crate) port: Option<u16>,
    pub(crate) path: &'a str,
}

impl<'a> PlainUrl<'a> {
    /// `None` if there may be something to put right: capital letters, international names, user and
    /// password, IPv6, numbers as hosts, `.` and `..` in the path, characters to escape or that are
    /// escaped, a fragment, the scheme's own port. It says nothing of whether the URL is one.
    pub(crate) fn read(url: &'a str) -> Option<PlainUrl<'a>> {
        let (secure, rest) = match url.strip_prefix("http://") {
            Some(rest) => (false, rest),
            None => (true, url.strip_prefix("https://")?),
        };
        let host_len = rest.bytes().position(|byte| matches!(byte, b':' | b'/'));
        let host_len = host_len.unwrap_or(rest.len());
        let authority_len = match rest.as_bytes().get(host_len) {
            Some(b':') => rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len()),
            _ => host_len,
        };
        let (authority, path) = rest.split_at(authority_len);
        let port = match authority[host_len..].strip_prefix(':') {
            Some(port) => Some(read_port(port, secure)?),
            None => None,
        };
        let path = if path.is_empty() { "/" } else { path };
        let is_plain = is_plain_host(&authority[..host_len]) && is_plain_path(path);
        is_plain.then_some(PlainUrl { secure, authority, host_len, port, path })
    }

    /// What stands in the request line.
    pub(crate) fn path_and_query(&self) -> Option<PathAndQuery> {
        match self.path {
            "/" => Some(PathAndQuery::from_static("/")),
            path => PathAndQuery::try_from(path).ok(),
        }
    }
}

/// What stands in the request line for what follows a host in a URL; `None` if there may be
/// something to put right.
pub(crate) fn plain_path(path: &str) -> Option<PathAndQuery> {
    match path {
        "" | "/" => Some(PathAndQuery::from_static("/")),
        path if path.starts_with('/') && is_plain_path(path) => PathAndQuery::try_from(path).ok(),
        _ => None,
    }
}

/// A port without leading zeros that is not the scheme's own.
fn read_port(port: &str, secure: bool) -> Option<u16> {
    let is_own = port == if secure { "443" } else { "80" };
    let is_short = port.len() <= 5 && !port.starts_with('0') && !is_own;
    let is_number = is_short && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { port.parse().ok() } else { None }
}

/// A name in lower case, or an IPv4 address with four numbers.
fn is_plain_host(host: &str) -> bool {
    let (mut previous, mut last_is_number) = (b'.', false);
    for byte in host.bytes() {
        match byte {
            b'.' if previous == b'.' => return false,
            // `xn--` begins a name that may have to be read.
            b'-' if previous == b'-' => return false,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => {}
            _ => return false,
        }
        if previous == b'.' {
            last_is_number = byte.is_ascii_digit();
        }
        previous = byte;
    }
    previous != b'.' && (!last_is_number || host.parse::<Ipv4Addr>().is_ok())
}

/// A path and a query in which nothing is to be escaped or taken out.
fn is_plain_path(path: &str) -> bool {
    let mut previous = 0;
    path.bytes().all(|byte| {
        let is_dot_segment = previous == b'/' && byte == b'.';
        previous = byte;
        PLAIN[usize::from(byte)] && !is_dot_segment
    })
}

/// What may stand in a path and a query as it is.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let plain = b"/?-_~!$&()*+,;=:@.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut at = 0;
    while at < plain.len() {
        table[plain[at] as usize] = true;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::PlainUrl;
    use crate::target::Target;
    use proptest::prelude::*;

    #[test]
    fn plain_urls_are_read() {
        for url in [
            "http://example.com",
            "https://a.b-c.d1/x/y.html?q=1&r=a+b/?",
            "http://127.0.0.1:8080/",
            "http://localhost:1/~user/$(x)",
        ] {
            assert!(PlainUrl::read(url).is_some(), "{url}");
        }
    }

    #[test]
    fn what_may_have_to_be_put_right_is_not() {
        for url in [
            "HTTP://example.com/",
            "http://Example.com/",
            "http://user@example.com/",
            "http://[::1]/",
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://1.2.3.04/",
            "http://xn--bcher-kva.example/",
            "http://example.com:80/",
            "http://example.com:080/",
            "http://example.com:/",
            "http://example.com./",
            "http://a..b/",
            "http://a/x/../y",
            "http://a/.well-known/x",
            "http://a/%2e%2e/",
            "http://a/x y",
            "http://a/x#y",
            "http://a\\b/",
            "http://a?x",
            "http://bücher.example/",
            "http:///x",
            "ftp://a/",
            "",
        ] {
            assert_eq!(PlainUrl::read(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn they_are_what_a_browser_would_read(
            scheme in "https?",
            host in "([a-z0-9-]{1,5}\\.){0,3}[a-z0-9x]{1,5}",
            port in "(:[0-9]{1,5})?",
            path in "(/[a-zA-Z0-9._~!$&()*+,;=:@-]{0,6}){0,3}",
            query in "(\\?[a-z0-9=&/?+.']{0,8})?",
        ) {
            let url = format!("{scheme}://{host}{port}{path}{query}");
            if PlainUrl::read(&url).is_some() {
                let (plain, whole) = (Target::parse(&url).unwrap(), Target::parse_whole(&url));
                let whole = whole.unwrap();
                prop_assert_eq!(&plain.origin, &whole.origin);
                prop_assert_eq!(&plain.path, &whole.path);
                prop_assert_eq!(plain.to_string(), whole.to_string());
            }
        }
    }
}
