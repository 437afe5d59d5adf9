//! One cookie, as it is kept.

use serde::{Deserialize, Serialize};

/// One cookie, as a [`CookieJar`](crate::CookieJar) keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cookie {
    /// Its name, which may be empty.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that it goes to, in lower case.
    pub domain: String,
    /// Whether it goes to that host alone, and not to those below it.
    pub host_only: bool,
    /// The path that it goes to, and those below it.
    pub path: String,
    /// When it ends, in seconds since 1970; `None` is with the session, of which the program says
    /// when it ends.
    pub expires: Option<u64>,
    /// Whether it goes over https only.
    pub secure: bool,
    /// Whether it is hidden from a page's scripts, of which a client has none.
    pub http_only: bool,
    /// What the server said about requests that another site causes. This client's requests are
    /// caused by its caller and by no site, so that they have all cookies.
    pub same_site: SameSite,
    /// When it was set first, in milliseconds since 1970.
    pub created: u64,
    /// When it was last sent or set, in milliseconds since 1970.
    pub accessed: u64,
}

/// The attribute `SameSite`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Not there, or of another value.
    #[default]
    Unset,
    /// `Strict`.
    Strict,
    /// `Lax`.
    Lax,
    /// `None`, which a server may say of `Secure` cookies only.
    None,
}

impl Cookie {
    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether another one takes this one's place (RFC 6265bis §5.7).
    pub(super) fn is_replaced_by(&self, other: &Cookie) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }
}

/// Whether a host is the domain or is below it (RFC 6265bis §5.1.3). Addresses have nothing below.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (!is_address(host)
            && host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.') && sub.len() > 1))
}

pub(super) fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether a path is the cookie's or below it (RFC 6265bis §5.1.4).
pub(super) fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that names none: that of the request up to its last slash.
pub(super) fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(slash) if slash > 0 && path.starts_with('/') => &path[..slash],
        _ => "/",
    }
}
