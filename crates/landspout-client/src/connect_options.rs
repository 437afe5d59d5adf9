//! How one request's connection is made.

use crate::{HttpVersion, ProxyConfig, TlsConfig};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// How the connection for one request is made, in place of the client's settings; part of
/// [`RequestOptions`](crate::RequestOptions), which has a setter for each field. What is `None` or
/// empty leaves the client's.
///
/// Requests with the same options share connections, and requests with others never do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Which proxies the request goes through, in place of
    /// [`ClientConfig::proxy`](crate::ClientConfig#structfield.proxy). All of it counts: nothing of
    /// the client's is added.
    pub proxy: Option<ProxyConfig>,
    /// Whether an HTTP proxy is asked for a tunnel even where there is no TLS, as a WebSocket needs
    /// it.
    pub tunnel: bool,
    /// How the server is trusted, in place of [`ClientConfig::tls`](crate::ClientConfig). All of
    /// it counts: nothing of the client's is added.
    pub tls: Option<TlsConfig>,
    /// See [`ClientConfig::local_address`](crate::ClientConfig#structfield.local_address).
    pub local_address: Option<IpAddr>,
    /// Addresses of host names, before those of the client: see
    /// [`ClientConfig::resolve`](crate::ClientConfig#structfield.resolve).
    pub resolve: BTreeMap<String, Vec<SocketAddr>>,
    /// See [`ClientConfig::http_version`](crate::ClientConfig#structfield.http_version).
    pub http_version: Option<HttpVersion>,
    /// A Unix socket to connect to. The URL's host is not resolved, and goes into `Host` as it is.
    pub unix_socket: Option<PathBuf>,
}
