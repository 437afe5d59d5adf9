//! What a server allows.

use crate::{Accept, Http2Config, LogConfig, ProxyConfig};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits and deadlines of a [`Server`](crate::Server).
///
/// In TOML, durations are numbers of seconds (fractions allowed) and sizes are numbers of bytes. A
/// name that is not a field is an error.
///
/// Deadlines are looked at ten times a second: none fires early, and each fires at most 0.2 s late.
/// A deadline of 0 is no deadline, where the field does not say otherwise.
///
/// ```
/// use landspout_server::ServerConfig;
/// use std::time::Duration;
///
/// let config = ServerConfig::default().idle_timeout(Duration::from_secs(5)).body_bytes(1 << 20);
/// let read: ServerConfig = toml::from_str("idle_timeout = 5\nbody_bytes = 1048576").unwrap();
/// assert_eq!(read, config);
/// assert!(toml::from_str::<ServerConfig>("idle_timout = 5").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerConfig {
    /// How long a connection may be silent between two requests; 75 s. Then it is closed.
    #[serde(with = "crate::seconds")]
    pub idle_timeout: Duration,

    /// How long a new connection may take to send its first byte; 15 s. Then it is closed. A
    /// browser that opened it ahead of need opens another one.
    #[serde(with = "crate::seconds")]
    pub first_byte_timeout: Duration,

    /// How long the head of a request may take from its first byte to its last; 30 s. Then it is
    /// answered with 408, and the connection is closed.
    #[serde(with = "crate::seconds")]
    pub header_timeout: Duration,

    /// How long a body that is being read may bring nothing; 30 s. Then the handler's read fails,
    /// which it answers with 408 unless it knows better.
    #[serde(with = "crate::seconds")]
    pub body_timeout: Duration,

    /// How long all the waits for one body may take together; 0, which is no limit, because how long
    /// an upload takes depends on its size. Then it is as for
    /// [`body_timeout`](ServerConfig#structfield.body_timeout). Time in which the handler does not
    /// read is not counted.
    #[serde(with = "crate::seconds")]
    pub body_total_timeout: Duration,

    /// The least rate of a body that is waited for, in bytes per second; 256. When the waits for it
    /// were [`rate_grace`](ServerConfig#structfield.rate_grace) together and it came slower than
    /// that, it is as for [`body_timeout`](ServerConfig#structfield.body_timeout). 0 is no limit.
    pub body_rate: u32,

    /// How long a client may take none of the bytes that wait for it; 30 s. Then the connection is
    /// reset. Over HTTP/2 that is looked at for each stream, and the stream is reset (`CANCEL`) while
    /// the others go on; only for an answer of at most 16 KiB, of which the client has taken a part,
    /// the connection ends. Long polls and event streams with nothing to say are not concerned.
    #[serde(with = "crate::seconds")]
    pub write_timeout: Duration,

    /// The least rate at which a client takes bytes that wait for it, in bytes per second; 256. When
    /// it let them wait for [`rate_grace`](ServerConfig#structfield.rate_grace) in one answer and
    /// took them slower than that, it is as for
    /// [`write_timeout`](ServerConfig#structfield.write_timeout). 0 is no limit.
    pub write_rate: u32,

    /// How long a client is waited for before its rate counts; 10 s.
    #[serde(with = "crate::seconds")]
    pub rate_grace: Duration,

    /// How long a handler may take to answer, up to the head of its answer; 0, which is no limit,
    /// because long polls take as long as they take. Then it is dropped, and the answer is 503 with
    /// `Retry-After`. [`Handler::time_limit`](crate::Handler::time_limit) sets another for a handler.
    #[serde(with = "crate::seconds")]
    pub handler_timeout: Duration,

    /// How long a connection that the server has finished with is still read from, so that a client
    /// that sends more than it was asked for gets to read the answer; 10 s. A client that is silent
    /// for 2 s has sent all. 0 does not wait at all.
    #[serde(with = "crate::seconds")]
    pub linger_timeout: Duration,

    /// How many bytes are read, and thrown away, in that time; 64 MiB.
    pub linger_bytes: u64,

    /// How long a stopping server goes on with the requests that it has; 30 s. Then the rest is cut
    /// off. 0 cuts at once.
    #[serde(with = "crate::seconds")]
    pub drain_timeout: Duration,

    /// How long a stopping server still takes requests on the connections that are open; 0.5 s. In
    /// this time clients learn from their answers that the connection ends, and those that were
    /// just sending lose nothing.
    #[serde(with = "crate::seconds")]
    pub drain_grace: Duration,

    /// Over how long a stopping server tells WebSockets and other upgraded connections of it, in
    /// batches ten times a second, so that their clients do not all come back in the same instant;
    /// 2 s. The first 50 are told at once. It counts in, and ends with,
    /// [`drain_timeout`](ServerConfig::drain_timeout).
    #[serde(with = "crate::seconds")]
    pub drain_spread: Duration,

    /// The greatest head of a request (request line and header lines) in bytes; 32 KiB. A greater
    /// one is answered with 431. It bounds chunked trailers too. Over HTTP/2 it is the size of the
    /// header list (RFC 9113 §6.5.2), and one over twice as much is answered without being counted.
    pub header_bytes: usize,

    /// The greatest number of header lines; 100, and 16 384 at the most. More are answered with 431.
    /// Another number than 100 costs two allocations for each request.
    pub header_count: usize,

    /// The longest request target in bytes; 8 KiB. A longer one is answered with 414, if the head
    /// is within its own limit.
    pub uri_bytes: usize,

    /// The longest method in bytes; 32. A longer one is answered with 501.
    pub method_bytes: usize,

    /// The greatest body of a request in bytes; 10 MiB. Reading past it fails, which a handler
    /// answers with 413 unless it knows better; a body that announces more fails at the first read.
    /// [`Handler::body_limit`](crate::Handler::body_limit) sets another for a handler.
    pub body_bytes: u64,

    /// The greatest number of connections of this server, which is one loop's; 10 000. One more is
    /// answered with 503 and `Retry-After`, and closed; over TLS it is closed without an answer.
    pub max_connections: usize,

    /// The greatest number of connections from one client address to this server, which is one
    /// loop's: one IPv4 address, or the first 64 bits of an IPv6 address. One more is answered with
    /// 503 and `Retry-After`, and closed. Behind the
    /// [PROXY protocol](crate::Listen#structfield.proxy_protocol) the address is the one that the
    /// proxy tells. 0, which is no limit, because a server cannot tell a proxy,
    /// from whose address everybody comes, from an attacker. Set it where clients come directly;
    /// [trusted proxies](ServerConfig#structfield.proxies) are not counted.
    pub address_connections: usize,

    /// The greatest number of requests that this server, which is one loop's, answers at a time; 0,
    /// which is as many as [`max_connections`](ServerConfig#structfield.max_connections). One more
    /// is answered with 503 and `Retry-After`. Event streams are such requests; what was upgraded to
    /// another protocol is not.
    pub max_requests: usize,

    /// How many requests a connection may bring; 0, which is no limit. The last answer says
    /// `Connection: close`; over HTTP/2 a GOAWAY follows the last request, and what the client has
    /// sent before it read that is answered too.
    pub connection_requests: u64,

    /// How old a connection may become; 0, which is no limit. The first answer after that says
    /// `Connection: close`, so that clients of a balancer spread again over its servers. Over
    /// HTTP/2 a GOAWAY comes with it.
    #[serde(with = "crate::seconds")]
    pub connection_age: Duration,

    /// The hosts that are served, such as `"example.org"` or `"*.example.org"`, without ports; none,
    /// which is any. A request for another one is answered with 421, one of HTTP/1.0 without a host
    /// too.
    pub hosts: Vec<String>,

    /// How many connections may wait to be accepted; 1024, or less where the system's own limit is
    /// less. Further ones wait in the network or fail.
    pub backlog: u16,

    /// How the loops of a group share the connections that come; `balanced`.
    pub accept: Accept,

    /// What holds for connections of HTTP/2 besides.
    pub http2: Http2Config,

    /// The proxies in front of this server; none.
    pub proxies: ProxyConfig,

    /// What is told of each request; an event.
    pub log: LogConfig,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            idle_timeout: Duration::from_secs(75),
            first_byte_timeout: Duration::from_secs(15),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            body_total_timeout: Duration::ZERO,
            body_rate: 256,
            write_timeout: Duration::from_secs(30),
            write_rate: 256,
            rate_grace: Duration::from_secs(10),
            handler_timeout: Duration::ZERO,
            linger_timeout: Duration::from_secs(10),
            linger_bytes: 64 << 20,
            drain_timeout: Duration::from_secs(30),
            drain_grace: Duration::from_millis(500),
            drain_spread: Duration::from_secs(2),
            header_bytes: 32 << 10,
            header_count: 100,
            uri_bytes: 8 << 10,
            method_bytes: 32,
            body_bytes: 10 << 20,
            max_connections: 10_000,
            address_connections: 0,
            max_requests: 0,
            connection_requests: 0,
            connection_age: Duration::ZERO,
            hosts: Vec::new(),
            backlog: 1024,
            accept: Accept::default(),
            http2: Http2Config::default(),
            proxies: ProxyConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// A consuming setter for each field, named like it.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {
        impl ServerConfig {$(
            #[doc = concat!(
                "Sets [`", stringify!($field), "`](ServerConfig#structfield.", stringify!($field), ")."
            )]
            #[must_use]
            pub fn $field(mut self, $field: $type) -> ServerConfig {
                self.$field = $field;
                self
            }
        )*}
    };
}

setters! {
    idle_timeout: Duration,
    first_byte_timeout: Duration,
    header_timeout: Duration,
    body_timeout: Duration,
    body_total_timeout: Duration,
    body_rate: u32,
    write_timeout: Duration,
    write_rate: u32,
    rate_grace: Duration,
    handler_timeout: Duration,
    linger_timeout: Duration,
    linger_bytes: u64,
    drain_timeout: Duration,
    drain_grace: Duration,
    drain_spread: Duration,
    header_bytes: usize,
    header_count: usize,
    uri_bytes: usize,
    method_bytes: usize,
    body_bytes: u64,
    max_connections: usize,
    address_connections: usize,
    max_requests: usize,
    connection_requests: u64,
    connection_age: Duration,
    hosts: Vec<String>,
    backlog: u16,
    accept: Accept,
    http2: Http2Config,
    proxies: ProxyConfig,
    log: LogConfig,
}
