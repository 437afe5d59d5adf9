//! What one request sets for itself.

use crate::{ClientConfig, ConnectOptions, HttpVersion, Policies, ProxyConfig, TlsConfig};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What one request sets for itself, in place of the client's [`ClientConfig`]. `None` leaves the
/// client's.
///
/// [`RequestBuilder`](crate::RequestBuilder) has a method for each; in a
/// [`Request`](crate::Request) they travel in its extensions:
///
/// ```
/// use landspout_client::{Request, RequestOptions};
/// use std::time::Duration;
///
/// let mut request = Request::get("http://127.0.0.1/");
/// request.extensions_mut().insert(RequestOptions::default().timeout(Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestOptions {
    /// See [`ClientConfig::queue_timeout`](ClientConfig#structfield.queue_timeout).
    pub queue_timeout: Option<Duration>,
    /// See [`ClientConfig::connect_timeout`](ClientConfig#structfield.connect_timeout).
    pub connect_timeout: Option<Duration>,
    /// See [`ClientConfig::tls_timeout`](ClientConfig#structfield.tls_timeout).
    pub tls_timeout: Option<Duration>,
    /// See [`ClientConfig::first_byte_timeout`](ClientConfig#structfield.first_byte_timeout).
    pub first_byte_timeout: Option<Duration>,
    /// See [`ClientConfig::read_timeout`](ClientConfig#structfield.read_timeout).
    pub read_timeout: Option<Duration>,
    /// See [`ClientConfig::timeout`](ClientConfig#structfield.timeout).
    pub timeout: Option<Duration>,
    /// See [`ClientConfig::max_redirects`](ClientConfig#structfield.max_redirects).
    pub max_redirects: Option<usize>,
    /// See [`ClientConfig::max_body_size`](ClientConfig#structfield.max_body_size).
    pub max_body_size: Option<u64>,
    /// See [`ClientConfig::decompress`](ClientConfig#structfield.decompress).
    pub decompress: Option<bool>,
    /// See [`ClientConfig::max_compression_ratio`](ClientConfig#structfield.max_compression_ratio).
    pub max_compression_ratio: Option<u32>,
    /// How the connection is made; shared, because the pool tells connections apart by it.
    pub connect: Option<Arc<ConnectOptions>>,
    /// What it does beyond being sent once. In a box, because most requests have none.
    pub policies: Option<Box<Policies>>,
}

/// The options of a request and the settings of the client, put together.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) queue_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) tls_timeout: Duration,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_redirects: usize,
    pub(crate) max_body_size: u64,
    pub(crate) decompress: bool,
    pub(crate) max_compression_ratio: u32,
    pub(crate) connect: Option<Arc<ConnectOptions>>,
    pub(crate) policies: Option<Box<Policies>>,
}

impl RequestOptions {
    /// Sets [`queue_timeout`](Self#structfield.queue_timeout).
    #[must_use]
    pub fn queue_timeout(mut self, limit: Duration) -> RequestOptions {
        self.queue_timeout = Some(limit);
        self
    }

    /// Sets [`connect_timeout`](Self#structfield.connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> RequestOptions {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets [`timeout`](Self#structfield.timeout).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> RequestOptions {
        self.timeout = Some(limit);
        self
    }

    /// Sets [`max_redirects`](Self#structfield.max_redirects).
    #[must_use]
    pub fn max_redirects(mut self, limit: usize) -> RequestOptions {
        self.max_redirects = Some(limit);
        self
    }

    /// Sets [`max_body_size`](Self#structfield.max_body_size).
    #[must_use]
    pub fn max_body_size(mut self, bytes: u64) -> RequestOptions {
        self.max_body_size = Some(bytes);
        self
    }

    /// Sets [`decompress`](Self#structfield.decompress).
    #[must_use]
    pub fn decompress(mut self, decompress: bool) -> RequestOptions {
        self.decompress = Some(decompress);
        self
    }

    /// Sets [`max_compression_ratio`](Self#structfield.max_compression_ratio).
    #[must_use]
    pub fn max_compression_ratio(mut self, times: u32) -> RequestOptions {
        self.max_compression_ratio = Some(times);
        self
    }

    /// Sets [`tls_timeout`](Self#structfield.tls_timeout).
    #[must_use]
    pub fn tls_timeout(mut self, limit: Duration) -> RequestOptions {
        self.tls_timeout = Some(limit);
        self
    }

    /// Sets [`first_byte_timeout`](Self#structfield.first_byte_timeout).
    #[must_use]
    pub fn first_byte_timeout(mut self, limit: Duration) -> RequestOptions {
        self.first_byte_timeout = Some(limit);
        self
    }

    /// Sets [`read_timeout`](Self#structfield.read_timeout).
    #[must_use]
    pub fn read_timeout(mut self, limit: Duration) -> RequestOptions {
        self.read_timeout = Some(limit);
        self
    }

    /// Sets which proxies the request goes through, in place of the client's settings.
    #[must_use]
    pub fn proxy(mut self, proxy: ProxyConfig) -> RequestOptions {
        self.connecting().proxy = Some(proxy);
        self
    }

    /// Asks an HTTP proxy for a tunnel even where there is no TLS.
    #[must_use]
    pub fn tunnel(mut self, tunnel: bool) -> RequestOptions {
        self.connecting().tunnel = tunnel;
        self
    }

    /// Sets how the server is trusted, in place of the client's settings. What is said of the one
    /// server stays behind when a redirect leads to another origin: see
    /// [`RedirectAction::Follow`](crate::RedirectAction::Follow).
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> RequestOptions {
        self.connecting().tls = Some(tls);
        self
    }

    /// Sets the address of this machine that the connection comes from.
    #[must_use]
    pub fn local_address(mut self, address: IpAddr) -> RequestOptions {
        self.connecting().local_address = Some(address);
        self
    }

    /// Gives a host, as `"name"` or `"name:port"`, these addresses in place of those that the
    /// resolver knows.
    #[must_use]
    pub fn resolve(
        mut self,
        host: impl Into<String>,
        addrs: impl IntoIterator<Item = SocketAddr>,
    ) -> RequestOptions {
        self.connecting().resolve.insert(host.into(), addrs.into_iter().collect());
        self
    }

    /// Sets which version of HTTP to speak.
    #[must_use]
    pub fn http_version(mut self, version: HttpVersion) -> RequestOptions {
        self.connecting().http_version = Some(version);
        self
    }

    /// Sends the request to a Unix socket. Host and path are the URL's.
    #[must_use]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> RequestOptions {
        self.connecting().unix_socket = Some(path.into());
        self
    }

    fn connecting(&mut self) -> &mut ConnectOptions {
        Arc::make_mut(self.connect.get_or_insert_default())
    }

    /// These, and where they say nothing the others.
    pub(crate) fn or(self, other: &RequestOptions) -> RequestOptions {
        RequestOptions {
            queue_timeout: self.queue_timeout.or(other.queue_timeout),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            tls_timeout: self.tls_timeout.or(other.tls_timeout),
            first_byte_timeout: self.first_byte_timeout.or(other.first_byte_timeout),
            read_timeout: self.read_timeout.or(other.read_timeout),
            timeout: self.timeout.or(other.timeout),
            max_redirects: self.max_redirects.or(other.max_redirects),
            max_body_size: self.max_body_size.or(other.max_body_size),
            decompress: self.decompress.or(other.decompress),
            max_compression_ratio: self.max_compression_ratio.or(other.max_compression_ratio),
            connect: self.connect.or_else(|| other.connect.clone()),
            policies: match (self.policies, &other.policies) {
                (Some(own), Some(other)) => Some(Box::new(own.or(other))),
                (own, other) => own.or_else(|| other.clone()),
            },
        }
    }

    pub(crate) fn over(self, config: &ClientConfig) -> Rules {
        Rules {
            queue_timeout: self.queue_timeout.unwrap_or(config.queue_timeout),
            connect_timeout: self.connect_timeout.unwrap_or(config.connect_timeout),
            tls_timeout: self.tls_timeout.unwrap_or(config.tls_timeout),
            first_byte_timeout: self.first_byte_timeout.unwrap_or(config.first_byte_timeout),
            read_timeout: self.read_timeout.unwrap_or(config.read_timeout),
            timeout: self.timeout.unwrap_or(config.timeout),
            max_redirects: self.max_redirects.unwrap_or(config.max_redirects),
            max_body_size: self.max_body_size.unwrap_or(config.max_body_size),
            decompress: self.decompress.unwrap_or(config.decompress),
            max_compression_ratio: self
                .max_compression_ratio
                .unwrap_or(config.max_compression_ratio),
            connect: self.connect,
            policies: self.policies,
        }
    }
}
