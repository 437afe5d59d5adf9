//! Which proxies requests go through.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which proxies requests go through. A proxy is a URL: `http://` or `https://` for an HTTP proxy,
/// `socks4://`, `socks4a://`, `socks5://` or `socks5h://` for a SOCKS proxy, with user and password
/// where it wants them. `socks4` and `socks5` resolve host names here, the other two there. Without
/// a scheme it is `http`.
///
/// An HTTP proxy is asked for a tunnel (`CONNECT`) to https hosts, and passes requests to others on.
/// The TLS session of an https host is with the host, and not with the proxy.
///
/// Its `Debug` shows neither users nor passwords.
///
/// ```
/// use landspout_client::{ClientConfig, ProxyConfig};
///
/// let proxy = ProxyConfig::all("socks5h://user:secret@127.0.0.1:1080").except(".internal");
/// assert!(!format!("{proxy:?}").contains("secret"));
/// let config = ClientConfig::default().proxy(proxy);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Whether the environment names proxies for what this does not: `http_proxy`, `https_proxy`,
    /// `all_proxy`, and `no_proxy` for exceptions; or the same in upper case. Default true. It is
    /// read when the client is made. Hosts on this machine (`localhost` and loopback addresses)
    /// never go through a proxy of the environment; and in a CGI program (one with a
    /// `REQUEST_METHOD`) `HTTP_PROXY` is not read, because there a request can set it (CVE-2016-5385).
    pub from_env: bool,

    /// The proxy for http URLs. Default none.
    pub http: Option<String>,

    /// The proxy for https URLs. Default none.
    pub https: Option<String>,

    /// Hosts that are reached without a proxy, beside those of the environment's `no_proxy` where
    /// that is read. Default none. Each is a domain, which holds for its subdomains too; an IP
    /// address; a network as `10.0.0.0/8`; or `*` for all. A port can follow, as in `host:8080`.
    pub no_proxy: Vec<String>,
}

impl ProxyConfig {
    /// No proxy, whatever the environment says.
    pub fn none() -> ProxyConfig {
        ProxyConfig { from_env: false, http: None, https: None, no_proxy: Vec::new() }
    }

    /// One proxy for everything, whatever the environment says.
    pub fn all(url: impl Into<String>) -> ProxyConfig {
        let url = Some(url.into());
        ProxyConfig { http: url.clone(), https: url, ..ProxyConfig::none() }
    }

    setters! { from_env: bool }

    /// Sets [`http`](Self#structfield.http).
    #[must_use]
    pub fn http(mut self, url: impl Into<String>) -> Self {
        self.http = Some(url.into());
        self
    }

    /// Sets [`https`](Self#structfield.https).
    #[must_use]
    pub fn https(mut self, url: impl Into<String>) -> Self {
        self.https = Some(url.into());
        self
    }

    /// Adds to [`no_proxy`](Self#structfield.no_proxy).
    #[must_use]
    pub fn except(mut self, host: impl Into<String>) -> Self {
        self.no_proxy.push(host.into());
        self
    }
}

impl Default for ProxyConfig {
    fn default() -> ProxyConfig {
        ProxyConfig { from_env: true, ..ProxyConfig::none() }
    }
}

impl fmt::Debug for ProxyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConfig")
            .field("from_env", &self.from_env)
            .field("http", &self.http.as_deref().map(without_credentials))
            .field("https", &self.https.as_deref().map(without_credentials))
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// A proxy's URL as it can be shown, well-formed or not.
pub(crate) fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{place}")
}
