//! The settings of a connection.

#[cfg(feature = "deflate")]
use crate::deflate::DeflateConfig;
use std::time::Duration;

/// The settings of a connection and of its handshake.
///
/// With the feature `serde` it is read from and written to a file; durations are numbers of
/// seconds there, whole or not.
///
/// ```
/// use landspout_websocket::Config;
/// use std::time::Duration;
///
/// let config = Config::default().max_message(64 * 1024).ping_interval(Duration::from_secs(60));
/// assert_eq!(config.pong_timeout, Duration::from_secs(20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Config {
    /// The largest frame to receive, in bytes of payload. Default 1 MiB. A larger one closes
    /// the connection with 1009 as soon as its head has arrived.
    pub max_frame: usize,

    /// The largest message to receive, in bytes, before and after decompression. Default 1 MiB.
    /// A larger one closes the connection with 1009.
    pub max_message: usize,

    /// The most fragments a message may arrive in. Default 131 072, at least 1. One more closes
    /// the connection with 1008.
    pub max_fragments: usize,

    /// The most bytes that may wait for the other side to read, where a message counts its
    /// length and 64 more. Default 1 MiB. What happens at the limit is
    /// [`overflow`](Config::overflow)'s choice. A message that comes when nothing waits is never
    /// refused, and [`send`](crate::Sender::send) waits instead.
    pub max_queue: usize,

    /// What happens to a message for which the queue has no room. Default
    /// [`Overflow::Close`].
    pub overflow: Overflow,

    /// How often the connection looks whether anything has arrived since it last looked; if
    /// not, it sends a ping. So a ping follows one to two intervals after the last byte, the
    /// first of them earlier by a random part, lest many connections ping together. Default 25
    /// seconds; zero sends none.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub ping_interval: Duration,

    /// How long after a ping something, whatever it is, has to arrive. Default 20 seconds; zero
    /// waits for ever. Afterwards the connection ends with
    /// [`Error::PongTimeout`](crate::Error::PongTimeout).
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub pong_timeout: Duration,

    /// How often the connection looks whether a message came or went since it last looked; if
    /// not, it is closed with 1001. Default zero: never.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub idle_timeout: Duration,

    /// How long the other side may leave unread what was written. Default 10 seconds; zero
    /// waits for ever. Afterwards the connection ends with
    /// [`Error::WriteTimeout`](crate::Error::WriteTimeout).
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub write_timeout: Duration,

    /// How long the other side has to answer a close frame. Default 5 seconds; zero waits for
    /// ever. Afterwards the connection is dropped.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub close_timeout: Duration,

    /// How long [`WebSocket::accept`](crate::WebSocket::accept) and
    /// [`WebSocket::connect`](crate::WebSocket::connect) may take. Default 10 seconds; zero
    /// waits for ever. Handshakes that another server or client reads have its limits.
    #[cfg_attr(feature = "serde", serde(with = "crate::seconds"))]
    pub handshake_timeout: Duration,

    /// The subprotocols: a server takes the first of its list that the client offers, a client
    /// offers them in this order. Default none.
    pub subprotocols: Vec<String>,

    /// From which web pages a server takes connections. Default [`Origins::Same`].
    pub origins: Origins,

    /// Compression: `None`, the default, negotiates none.
    #[cfg(feature = "deflate")]
    pub deflate: Option<DeflateConfig>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            max_frame: 1 << 20,
            max_message: 1 << 20,
            max_fragments: 1 << 17,
            max_queue: 1 << 20,
            overflow: Overflow::Close,
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(20),
            idle_timeout: Duration::ZERO,
            write_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            subprotocols: Vec::new(),
            origins: Origins::Same,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}

/// What happens to a message for which the send queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Overflow {
    /// The queue is thrown away and the connection closed with 1013: a receiver that would
    /// miss something starts afresh instead.
    #[default]
    Close,
    /// The message is thrown away.
    DropNewest,
    /// The oldest messages of the queue are thrown away until there is room.
    DropOldest,
    /// A message with a key replaces the queued one with the same key, full or not; see
    /// [`Sender::try_send_latest`](crate::Sender::try_send_latest). What finds no room all the
    /// same closes the connection as [`Overflow::Close`] does.
    KeepLatest,
}

/// From which web pages a server takes connections.
///
/// A browser names the page's origin in every handshake, and lets any page open a WebSocket to
/// any server with the user's cookies. A client without an `Origin` header is no browser, and
/// is taken always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the host and port that the request asks for.
    #[default]
    Same,
    /// Those, and pages of these origins, written like `https://example.com`.
    Also(Vec<String>),
    /// All pages of the world: for services that do not know their users by cookies.
    Any,
}

impl Config {
    /// Sets [`max_frame`](Config::max_frame).
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Config {
        self.max_frame = bytes;
        self
    }

    /// Sets [`max_message`](Config::max_message).
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Config {
        self.max_message = bytes;
        self
    }

    /// Sets [`max_fragments`](Config::max_fragments).
    #[must_use]
    pub fn max_fragments(mut self, fragments: usize) -> Config {
        self.max_fragments = fragments;
        self
    }

    /// Sets [`max_queue`](Config::max_queue).
    #[must_use]
    pub fn max_queue(mut self, bytes: usize) -> Config {
        self.max_queue = bytes;
        self
    }

    /// Sets [`overflow`](Config::overflow).
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Config {
        self.overflow = overflow;
        self
    }

    /// Sets [`ping_interval`](Config::ping_interval).
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Config {
        self.ping_interval = interval;
        self
    }

    /// Sets [`pong_timeout`](Config::pong_timeout).
    #[must_use]
    pub fn pong_timeout(mut self, timeout: Duration) -> Config {
        self.pong_timeout = timeout;
        self
    }

    /// Sets [`idle_timeout`](Config::idle_timeout).
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Config {
        self.idle_timeout = timeout;
        self
    }

    /// Sets [`write_timeout`](Config::write_timeout).
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Config {
        self.write_timeout = timeout;
        self
    }

    /// Sets [`close_timeout`](Config::close_timeout).
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Config {
        self.close_timeout = timeout;
        self
    }

    /// Sets [`handshake_timeout`](Config::handshake_timeout).
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Config {
        self.handshake_timeout = timeout;
        self
    }

    /// Adds one of the [`subprotocols`](Config::subprotocols).
    #[must_use]
    pub fn subprotocol(mut self, name: impl Into<String>) -> Config {
        self.subprotocols.push(name.into());
        self
    }

    /// Sets [`origins`](Config::origins).
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Config {
        self.origins = origins;
        self
    }

    /// Sets [`deflate`](Config::deflate).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(mut self, deflate: DeflateConfig) -> Config {
        self.deflate = Some(deflate);
        self
    }
}
