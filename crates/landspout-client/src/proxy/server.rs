//! One proxy.

use crate::config::without_credentials;
use crate::target::{Origin, basic_credentials};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use std::fmt;
use url::Url;

/// A proxy's URL, taken apart. It is shown without credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyServer {
    pub(crate) scheme: Scheme,
    /// Where it is.
    pub(crate) origin: Origin,
    /// User and password, decoded.
    pub(crate) credentials: Option<(String, String)>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// HTTP, over TLS if its origin says so.
    Http,
    /// SOCKS 4, or 4a if the proxy resolves host names.
    Socks4 { resolves: bool },
    /// SOCKS 5 (RFC 1928).
    Socks5 { resolves: bool },
}

impl ProxyServer {
    /// # Errors
    /// The URL is none, or names another scheme; in words, without the credentials.
    pub(super) fn parse(url: &str) -> Result<ProxyServer, String> {
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let shown = without_credentials(&whole);
        let parsed = Url::parse(&whole)
            .map_err(|error| format!("the proxy's URL {shown} is malformed: {error}"))?;
        let (scheme, secure, port) = match parsed.scheme() {
            "http" => (Scheme::Http, false, 80),
            "https" => (Scheme::Http, true, 443),
            "socks4" => (Scheme::Socks4 { resolves: false }, false, 1080),
            "socks4a" => (Scheme::Socks4 { resolves: true }, false, 1080),
            "socks5" => (Scheme::Socks5 { resolves: false }, false, 1080),
            "socks5h" => (Scheme::Socks5 { resolves: true }, false, 1080),
            other => {
                let known = "http, https, socks4, socks4a, socks5 or socks5h";
                return Err(format!("the proxy's scheme must be {known}, and is {other}"));
            }
        };
        let host = parsed.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| format!("the proxy's URL {shown} names no host"))?;
        let port = parsed.port().unwrap_or(port);
        let origin = Origin::new(secure, &host.to_ascii_lowercase(), port);
        Ok(ProxyServer { scheme, origin, credentials: credentials(&parsed) })
    }

    /// The value of `Proxy-Authorization` (RFC 9110 §11.7.2).
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        Some(basic_credentials(user.as_bytes(), password.as_bytes()))
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.scheme, self.origin)
    }
}

fn credentials(url: &Url) -> Option<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (url.username(), url.password());
    if user.is_empty() && password.is_none() {
        return None;
    }
    Some((decode(user), decode(password.unwrap_or_default())))
}
