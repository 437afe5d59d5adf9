//! The settings of compression.

/// How messages are compressed, where both sides agree to do so.
///
/// Normally each message is compressed by itself, and the connections of a thread share one
/// compressor. With [`context_takeover`](DeflateConfig::context_takeover) each connection has
/// its own, which remembers the messages before: small messages that resemble each other become
/// several times smaller, and a connection costs up to 400 KiB.
///
/// ```
/// use landspout_websocket::{Config, DeflateConfig};
///
/// let config = Config::default().deflate(DeflateConfig::default().level(1).threshold(1024));
/// assert!(config.deflate.is_some_and(|deflate| !deflate.context_takeover));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct DeflateConfig {
    /// How hard to compress, from 1, fast, to 9, small. Default 6. What is outside is taken as
    /// the nearest.
    pub level: u8,

    /// How much memory the compressor uses beside its window, from 1 to 9. Default 8. What is
    /// outside is taken as the nearest.
    pub mem_level: u8,

    /// The compressor's window: a power of two of bytes, from 9 to 15. Default 15. What is
    /// outside is taken as the nearest; the other side may ask for less.
    pub window_bits: u8,

    /// The other side's window, from 9 to 15, which it is asked to keep to. Default 15. With
    /// context takeover a connection keeps as many bytes to decompress what comes.
    pub peer_window_bits: u8,

    /// The length in bytes below which a message is not compressed. Default 256.
    pub threshold: usize,

    /// Whether contexts are kept from message to message, on both sides. Default false.
    pub context_takeover: bool,

    /// How many connections of the process may keep contexts. Default 1000. The ones beyond
    /// agree on compressing each message by itself.
    pub max_contexts: usize,
}

impl Default for DeflateConfig {
    fn default() -> DeflateConfig {
        DeflateConfig {
            level: 6,
            mem_level: 8,
            window_bits: 15,
            peer_window_bits: 15,
            threshold: 256,
            context_takeover: false,
            max_contexts: 1000,
        }
    }
}

impl DeflateConfig {
    /// Sets [`level`](DeflateConfig::level).
    #[must_use]
    pub fn level(mut self, level: u8) -> DeflateConfig {
        self.level = level;
        self
    }

    /// Sets [`mem_level`](DeflateConfig::mem_level).
    #[must_use]
    pub fn mem_level(mut self, level: u8) -> DeflateConfig {
        self.mem_level = level;
        self
    }

    /// Sets [`window_bits`](DeflateConfig::window_bits).
    #[must_use]
    pub fn window_bits(mut self, bits: u8) -> DeflateConfig {
        self.window_bits = bits;
        self
    }

    /// Sets [`peer_window_bits`](DeflateConfig::peer_window_bits).
    #[must_use]
    pub fn peer_window_bits(mut self, bits: u8) -> DeflateConfig {
        self.peer_window_bits = bits;
        self
    }

    /// Sets [`threshold`](DeflateConfig::threshold).
    #[must_use]
    pub fn threshold(mut self, bytes: usize) -> DeflateConfig {
        self.threshold = bytes;
        self
    }

    /// Sets [`context_takeover`](DeflateConfig::context_takeover).
    #[must_use]
    pub fn context_takeover(mut self, takeover: bool) -> DeflateConfig {
        self.context_takeover = takeover;
        self
    }

    /// Sets [`max_contexts`](DeflateConfig::max_contexts).
    #[must_use]
    pub fn max_contexts(mut self, connections: usize) -> DeflateConfig {
        self.max_contexts = connections;
        self
    }
}
