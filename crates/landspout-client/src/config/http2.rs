//! Which version of HTTP is spoken, and how.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Which version of HTTP a client speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HttpVersion {
    /// What the server prefers, asked within the TLS handshake (ALPN): HTTP/2 if it can and the
    /// crate's feature `http2` is on. Without TLS HTTP/1.1.
    #[default]
    Negotiate,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only. Without TLS the client just begins with it ("prior knowledge", RFC 9113 §3.3);
    /// with TLS a server that does not agree is an error. A WebSocket falls back to HTTP/1.1.
    Http2,
}

/// How a client speaks HTTP/2. Without the crate's feature `http2` it has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Http2Config {
    /// Requests that may be under way on one connection. Default 100, at least 1; the server's own
    /// limit counts too. Further ones make another connection, as far as the pool lets them, and
    /// wait otherwise.
    pub max_streams: usize,

    /// Bytes of one answer that may be on their way before the caller reads. Default 2 097 152
    /// (2 MiB), at least 65 535, at most 2³¹ − 1. An answer that nobody reads takes as much memory.
    pub stream_window: u32,

    /// Bytes of all answers of one connection that may be on their way. Default 0: as many as
    /// [`max_streams`](Self#structfield.max_streams) answers may be, so that those that nobody reads
    /// keep none of the others waiting. Less, at least 65 535, bounds the memory that unread answers
    /// take; when they have filled it, the connection's other answers wait until one is read or
    /// dropped.
    pub connection_window: u32,

    /// How often to ask whether the other side is still there, while requests are under way.
    /// Default 30 s; zero never does.
    #[serde(with = "crate::seconds")]
    pub ping_interval: Duration,

    /// How long the answer to that may take before the connection is given up. Default 10 s.
    #[serde(with = "crate::seconds")]
    pub ping_timeout: Duration,
}

impl Default for Http2Config {
    fn default() -> Http2Config {
        Http2Config {
            max_streams: 100,
            stream_window: 2 * 1024 * 1024,
            connection_window: 0,
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
        }
    }
}

impl Http2Config {
    setters! {
        max_streams: usize,
        stream_window: u32,
        connection_window: u32,
        ping_interval: Duration,
        ping_timeout: Duration,
    }
}
