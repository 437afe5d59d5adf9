//! What a server allows on a connection of HTTP/2.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits of a connection of HTTP/2, beside those that hold for every connection.
///
/// They have an effect with the feature `http2`. In TOML they are a table:
///
/// ```
/// use landspout_server::ServerConfig;
///
/// let read: ServerConfig = toml::from_str("[http2]\nmax_streams = 20").unwrap();
/// assert_eq!(read.http2.max_streams, 20);
/// ```
///
/// What else a client could flood a connection with is bounded without a setting: CONTINUATION
/// frames by [`header_bytes`](crate::ServerConfig::header_bytes), small DATA frames by the windows,
/// and pings, settings, priorities and window updates by 1 MiB more than the connection's window
/// between two requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Http2Config {
    /// Whether HTTP/2 is spoken: over TLS with clients that ask for it, in clear text with those
    /// that begin with it; yes.
    pub enabled: bool,

    /// How many requests a connection may have at a time; 100. A further one is refused with
    /// `REFUSED_STREAM`, which says that it may be sent again. When more handlers than this still
    /// run for requests that the client has taken back, the connection is closed.
    pub max_streams: u32,

    /// How many requests a client may have taken back before they were looked at; 20. One more
    /// closes the connection with `ENHANCE_YOUR_CALM` (rapid reset, CVE-2023-44487).
    pub max_pending_resets: usize,

    /// How many requests of a connection may be reset for mistakes of its client; 1024. One more
    /// closes it with `ENHANCE_YOUR_CALM`.
    pub max_error_resets: usize,

    /// How many bytes of a request's body a client may send before the handler has read them;
    /// 256 KiB, 2 GiB at the most.
    pub stream_window: u32,

    /// How many bytes of all bodies of a connection that may be; 1 MiB, 2 GiB at the most.
    pub connection_window: u32,

    /// The largest frame that a client may send, in bytes; 16 KiB, which is also the least, and
    /// 16 MiB - 1 at the most.
    pub frame_bytes: u32,

    /// How many bytes of an answer are taken from its handler before the client has room for them;
    /// 64 KiB.
    pub send_buffer: usize,

    /// How often a client is asked whether it is still there; 0, which is never. What is written to
    /// a client that is gone fails by itself after a while; this is for those to which nothing is
    /// written.
    #[serde(with = "crate::seconds")]
    pub ping_interval: Duration,

    /// How long a client may take to answer that; 20 s. Then the connection is closed.
    #[serde(with = "crate::seconds")]
    pub ping_timeout: Duration,
}

impl Default for Http2Config {
    fn default() -> Http2Config {
        Http2Config {
            enabled: true,
            max_streams: 100,
            max_pending_resets: 20,
            max_error_resets: 1024,
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            frame_bytes: 16 << 10,
            send_buffer: 64 << 10,
            ping_interval: Duration::ZERO,
            ping_timeout: Duration::from_secs(20),
        }
    }
}

impl Http2Config {
    /// Whether it is spoken.
    pub(crate) fn is_on(&self) -> bool {
        cfg!(feature = "http2") && self.enabled
    }
}

/// A consuming setter for each field, named like it.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {
        impl Http2Config {$(
            #[doc = concat!(
                "Sets [`", stringify!($field), "`](Http2Config#structfield.", stringify!($field), ")."
            )]
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Http2Config {
                self.$field = $field;
                self
            }
        )*}
    };
}

setters! {
    enabled: bool,
    max_streams: u32,
    max_pending_resets: usize,
    max_error_resets: usize,
    stream_window: u32,
    connection_window: u32,
    frame_bytes: u32,
    send_buffer: usize,
    ping_interval: Duration,
    ping_timeout: Duration,
}
