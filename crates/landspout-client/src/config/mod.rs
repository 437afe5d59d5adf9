//! The settings of a client.

use crate::RetryConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One setter a field.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )*
    };
}

mod http2;
mod proxy;
mod shown;
mod tcp;
mod tls;

pub use http2::{Http2Config, HttpVersion};
pub use proxy::ProxyConfig;
pub(crate) use proxy::without_credentials;
pub use tcp::TcpConfig;
pub use tls::{ClientCertificate, TlsConfig, TlsVersion};

/// The settings of a [`Client`](crate::Client). What a request sets for itself wins over them.
///
/// In a file, durations are numbers of seconds, whole or not. For every duration and every number
/// of connections, zero means no limit. Its `Debug` does not show the values of `headers`.
///
/// ```
/// use landspout_client::{Client, ClientConfig};
/// use std::time::Duration;
///
/// let config = ClientConfig::default().timeout(Duration::from_secs(5)).keep_alive(false);
/// let client = Client::with_config(config);
/// assert_eq!(client.config().connect_timeout, Duration::from_secs(20));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientConfig {
    /// How long a request may wait for a place in the pool. Default 20 s. A request whose time is up
    /// fails, and never went out.
    #[serde(with = "crate::seconds")]
    pub queue_timeout: Duration,

    /// How long making a connection may take: resolving the name, TCP and TLS together. Default
    /// 20 s. The error names the part that was too slow.
    #[serde(with = "crate::seconds")]
    pub connect_timeout: Duration,

    /// How long negotiating TLS may take, within `connect_timeout`. Default 10 s.
    #[serde(with = "crate::seconds")]
    pub tls_timeout: Duration,

    /// How long the head of the answer may take once a connection is there, sending the request
    /// included. Default 0: only `timeout` counts.
    #[serde(with = "crate::seconds")]
    pub first_byte_timeout: Duration,

    /// How long the body of an answer may go without a byte. Default 0: only `timeout` counts. What
    /// a body without an end wants, beside a `timeout` of 0.
    #[serde(with = "crate::seconds")]
    pub read_timeout: Duration,

    /// How long a whole request may take, from its place in the pool to the last byte of the body,
    /// redirects included and waits for a place in the pool not. Default 20 s. An answer whose body
    /// is still being read then fails with a timeout in its body; turn it off for bodies without
    /// an end.
    #[serde(with = "crate::seconds")]
    pub timeout: Duration,

    /// Connections in all, idle ones included. Default 200. Further requests wait their turn; an
    /// idle connection to another host is closed to make room.
    pub max_connections: usize,

    /// Connections to one host, or rather to one scheme, host and port. Default 100. Further requests
    /// to it wait their turn, and do not hold up those to other hosts.
    pub max_connections_per_host: usize,

    /// Whether connections are used again. Default true. Without it every request makes its own
    /// and says `Connection: close`: what a monitor wants.
    pub keep_alive: bool,

    /// How long a connection may be idle before it is closed. Default 30 s. A server's own
    /// `Keep-Alive: timeout=` shortens it, to a second less than the server says.
    #[serde(with = "crate::seconds")]
    pub idle_timeout: Duration,

    /// Bytes that the body of an answer may have, both on the wire and decompressed. Default
    /// 104 857 600 (100 MiB). A longer body is an error; 0 lets only empty ones through.
    pub max_body_size: u64,

    /// Bytes that the head of an answer may have. Default 65 536, at least 1. A longer head is an
    /// error. Over about 400 KiB it has no effect; and there may be 100 header fields at most.
    pub max_header_size: usize,

    /// Redirects that are followed for one request. Default 5. One more is an error; 0 follows none
    /// and makes the redirect the answer.
    pub max_redirects: usize,

    /// Whether redirects from https to http are followed. Default false: whoever is on the way could
    /// read and change what follows. It is an error then.
    pub allow_downgrade: bool,

    /// When a request is sent once more. Default never: see
    /// [`RetryConfig::max_retries`](crate::RetryConfig#structfield.max_retries).
    pub retry: RetryConfig,

    /// How many repetitions all requests together may have in a row. Default 10; 0 is no limit. Each
    /// request gives back a fifth of one, so that where all requests fail one in five is repeated.
    pub retry_budget: u32,

    /// How long a request with a body waits for the server's `100 Continue` before it sends the
    /// body all the same; such requests say `Expect: 100-continue`. Default zero: they do not.
    /// Worth a round trip for large bodies that may be refused. Over HTTP/2 nothing waits: a server
    /// can stop a body there at any time.
    #[serde(with = "crate::seconds")]
    pub expect_continue: Duration,

    /// Headers for each request that has no others of these names. Default none. They are sent to
    /// the origin that the request goes to first and, but for credentials, wherever redirects lead.
    /// One that is no header fails every request.
    pub headers: BTreeMap<String, String>,

    /// Whether to ask for compressed answers and to decompress them. Default true. What is asked
    /// for is what the crate's features `gzip`, `brotli` and `zstd` can decompress.
    pub decompress: bool,

    /// How many times its size a compressed body may become. Default 1 000; 0 is no limit. The first
    /// mebibyte that comes out is free. A body that expands more is an error: nothing but an attack
    /// does.
    pub max_compression_ratio: u32,

    /// The header `User-Agent`, for requests without one. Default `landspout/` and the version;
    /// empty sends none.
    pub user_agent: String,

    /// Host names that are not resolved but have these addresses, as `"name"` or `"name:port"`. A
    /// port of 0 stands for the URL's. Default none.
    pub resolve: BTreeMap<String, Vec<SocketAddr>>,

    /// Host names that may be in resolution at the same time. Default 16, at least 1 (0 means 1).
    /// Each one occupies a thread of tokio's blocking pool; further ones wait, and the wait counts
    /// as resolution.
    pub max_lookups: usize,

    /// How long addresses that the resolver gave are kept, where it does not say so itself.
    /// Default 30 s; zero keeps none. At most 1024 names are remembered.
    #[serde(with = "crate::seconds")]
    pub dns_ttl: Duration,

    /// How long it is remembered that a name did not resolve. Default 1 s; zero does not.
    #[serde(with = "crate::seconds")]
    pub dns_negative_ttl: Duration,

    /// The address that connections come from: one of this machine. Default none: the system
    /// chooses. Addresses of the other family are not tried then.
    pub local_address: Option<IpAddr>,

    /// Which versions of HTTP to speak. Default `negotiate`.
    pub http_version: HttpVersion,

    /// Which proxies requests go through. Default: what the environment says.
    pub proxy: ProxyConfig,

    /// How sockets are set up.
    pub tcp: TcpConfig,

    /// How HTTP/2 is spoken.
    pub http2: Http2Config,

    /// How servers are trusted.
    pub tls: TlsConfig,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            queue_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(20),
            tls_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::ZERO,
            read_timeout: Duration::ZERO,
            timeout: Duration::from_secs(20),
            max_connections: 200,
            max_connections_per_host: 100,
            keep_alive: true,
            idle_timeout: Duration::from_secs(30),
            max_body_size: 100 * 1024 * 1024,
            max_header_size: 64 * 1024,
            max_redirects: 5,
            allow_downgrade: false,
            retry: RetryConfig::default(),
            retry_budget: 10,
            expect_continue: Duration::ZERO,
            headers: BTreeMap::new(),
            decompress: true,
            max_compression_ratio: 1000,
            user_agent: concat!("landspout/", env!("CARGO_PKG_VERSION")).to_owned(),
            resolve: BTreeMap::new(),
            max_lookups: 16,
            dns_ttl: Duration::from_secs(30),
            dns_negative_ttl: Duration::from_secs(1),
            local_address: None,
            http_version: HttpVersion::Negotiate,
            proxy: ProxyConfig::default(),
            tcp: TcpConfig::default(),
            http2: Http2Config::default(),
            tls: TlsConfig::default(),
        }
    }
}

impl ClientConfig {
    setters! {
        queue_timeout: Duration,
        connect_timeout: Duration,
        tls_timeout: Duration,
        first_byte_timeout: Duration,
        read_timeout: Duration,
        timeout: Duration,
        max_connections: usize,
        max_connections_per_host: usize,
        keep_alive: bool,
        idle_timeout: Duration,
        max_body_size: u64,
        max_header_size: usize,
        max_redirects: usize,
        allow_downgrade: bool,
        retry: RetryConfig,
        retry_budget: u32,
        expect_continue: Duration,
        decompress: bool,
        max_compression_ratio: u32,
        max_lookups: usize,
        dns_ttl: Duration,
        dns_negative_ttl: Duration,
        local_address: Option<IpAddr>,
        http_version: HttpVersion,
        proxy: ProxyConfig,
        tcp: TcpConfig,
        http2: Http2Config,
        tls: TlsConfig,
    }

    /// Sets [`user_agent`](Self#structfield.user_agent).
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Adds to [`headers`](Self#structfield.headers).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Adds to [`resolve`](Self#structfield.resolve).
    #[must_use]
    pub fn resolve(
        mut self,
        host: impl Into<String>,
        addrs: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        self.resolve.insert(host.into(), addrs.into_iter().collect());
        self
    }
}
