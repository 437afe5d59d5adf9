//! The settings for a server behind proxies.

use super::{ProxyHeaders, TrustedProxy, is_trusted};
use crate::stream::Peer;
use serde::{Deserialize, Serialize};

/// Which proxies are in front of a [`Server`](crate::Server), and how they tell of the client.
///
/// What a trusted proxy tells is what handlers read by
/// [`Request::client_ip`](crate::Request::client_ip), [`scheme`](crate::Request::scheme) and
/// [`host`](crate::Request::host), and what the access log says. What anybody else tells is not read.
///
/// ```
/// use landspout_server::ServerConfig;
///
/// let config: ServerConfig = toml::from_str(r#"
///     [proxies]
///     trusted = ["10.0.0.0/8", "2001:db8::7", "unix"]
///     headers = "forwarded"
/// "#).unwrap();
/// assert_eq!(config.proxies.trusted[0], "10.0.0.0/8".parse().unwrap());
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// The proxies that are believed; none. Name none that clients can be in.
    pub trusted: Vec<TrustedProxy>,

    /// The headers in which they tell; `x-forwarded`.
    pub headers: ProxyHeaders,
}

impl ProxyConfig {
    /// Adds to [`trusted`](ProxyConfig#structfield.trusted).
    #[must_use]
    pub fn trust(mut self, proxy: TrustedProxy) -> ProxyConfig {
        self.trusted.push(proxy);
        self
    }

    /// Sets [`headers`](ProxyConfig#structfield.headers).
    #[must_use]
    pub fn headers(mut self, headers: ProxyHeaders) -> ProxyConfig {
        self.headers = headers;
        self
    }

    /// Whether the other end of a connection is believed.
    pub(crate) fn trusts(&self, peer: Peer) -> bool {
        match peer {
            Peer::Untold => false,
            peer => is_trusted(&self.trusted, peer.addr().map(|addr| addr.ip())),
        }
    }
}
