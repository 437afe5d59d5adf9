//! The hosts that are served.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

/// The longest `Host` header that is remembered. Names are at most 253 bytes long.
const REMEMBERED: usize = 260;

/// Names, and domains under which every name is served.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    names: HashSet<Box<str>>,
    domains: HashSet<Box<str>>,
    /// The `Host` header that was found well-formed last. Most requests of a server have the same.
    last: RefCell<Vec<u8>>,
}

impl Hosts {
    /// `*.example.org` is every name under `example.org`, and not that name itself.
    pub(crate) fn new(patterns: &[String]) -> Hosts {
        let mut hosts = Hosts::default();
        for pattern in patterns {
            let pattern = pattern.to_ascii_lowercase();
            match pattern.strip_prefix("*.") {
                Some(domain) => hosts.domains.insert(domain.into()),
                None => hosts.names.insert(pattern.into()),
            };
        }
        hosts
    }

    /// Whether a `Host` header is well-formed, as `is_host` says if it is not the same as the last.
    #[inline]
    pub(crate) fn is_host(&self, value: &[u8], is_host: fn(&[u8]) -> bool) -> bool {
        let is_last = *self.last.borrow() == value;
        if is_last { !value.is_empty() } else { self.is_new_host(value, is_host) }
    }

    #[inline(never)]
    fn is_new_host(&self, value: &[u8], is_host: fn(&[u8]) -> bool) -> bool {
        let is_host = is_host(value);
        if is_host && value.len() <= REMEMBERED {
            value.clone_into(&mut self.last.borrow_mut());
        }
        is_host
    }

    /// Whether all hosts are served.
    pub(crate) fn is_any(&self) -> bool {
        self.names.is_empty() && self.domains.is_empty()
    }

    /// Whether `authority`, a host with or without a port, is served.
    pub(crate) fn serve(&self, authority: &str) -> bool {
        let name = without_port(authority);
        // RFC 3986 §3.2.2: names are not case-sensitive. Clients send them in lower case.
        let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(name.to_ascii_lowercase()),
            false => Cow::Borrowed(name),
        };
        let mut domains = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
        self.names.contains(&*name) || domains.any(|domain| self.domains.contains(domain))
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons of `[::1]` are not before a port.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn hosts_are_compared_without_case_and_port() {
        let hosts =
            Hosts::new(&["Example.org", "*.wild.example", "[::1]", "10.0.0.1"].map(Into::into));
        for served in [
            "example.org",
            "EXAMPLE.org:8080",
            "a.wild.example",
            "b.a.Wild.example:1",
            "[::1]",
            "[::1]:80",
            "10.0.0.1:80",
        ] {
            assert!(hosts.serve(served), "{served}");
        }
        for other in [
            "example.org.",
            "www.example.org",
            "wild.example",
            "evilwild.example",
            "",
            "[::2]",
            "org",
        ] {
            assert!(!hosts.serve(other), "{other}");
        }
    }
}
