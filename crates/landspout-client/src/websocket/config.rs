//! The settings of a WebSocket that is opened again.

use crate::BackoffConfig;
use serde::{Deserialize, Serialize};

/// The settings of a [`ReconnectingWebSocket`](super::ReconnectingWebSocket). In a file, durations
/// are numbers of seconds, whole or not.
///
/// ```
/// use landspout_client::websocket::{ReconnectConfig, UnsentPolicy};
///
/// let config = ReconnectConfig::default().final_code(4001).unsent(UnsentPolicy::DropOldest);
/// assert!(config.final_codes.contains(&1000));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReconnectConfig {
    /// How long to wait before it is opened again.
    pub backoff: BackoffConfig,

    /// Close codes after which it is not opened again. Default 1000 (all is done), 1002, 1003, 1007
    /// and 1010 (the two do not understand each other, and would not the next time) and 1008 (the
    /// server does not want this client). A close frame without a code is none of them.
    pub final_codes: Vec<u16>,

    /// Bytes of messages that may wait for the next connection, where a message counts its length
    /// and 64 more. Default 1 MiB. What happens at the limit is [`unsent`](Self#structfield.unsent)'s
    /// choice.
    pub max_unsent: usize,

    /// What happens to a message for which there is no room while no connection is open. Default
    /// [`UnsentPolicy::Refuse`].
    pub unsent: UnsentPolicy,
}

/// What happens to a message that finds [`max_unsent`](ReconnectConfig#structfield.max_unsent)
/// reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnsentPolicy {
    /// Sending it is an error, and nothing is thrown away.
    #[default]
    Refuse,
    /// It is thrown away.
    DropNewest,
    /// The oldest messages that wait are thrown away until there is room.
    DropOldest,
}

impl Default for ReconnectConfig {
    fn default() -> ReconnectConfig {
        ReconnectConfig {
            backoff: BackoffConfig::default(),
            final_codes: vec![1000, 1002, 1003, 1007, 1008, 1010],
            max_unsent: 1 << 20,
            unsent: UnsentPolicy::Refuse,
        }
    }
}

impl ReconnectConfig {
    /// Sets [`backoff`](Self#structfield.backoff).
    #[must_use]
    pub fn backoff(mut self, backoff: BackoffConfig) -> ReconnectConfig {
        self.backoff = backoff;
        self
    }

    /// Adds to [`final_codes`](Self#structfield.final_codes).
    #[must_use]
    pub fn final_code(mut self, code: u16) -> ReconnectConfig {
        self.final_codes.push(code);
        self
    }

    /// Sets [`max_unsent`](Self#structfield.max_unsent).
    #[must_use]
    pub fn max_unsent(mut self, bytes: usize) -> ReconnectConfig {
        self.max_unsent = bytes;
        self
    }

    /// Sets [`unsent`](Self#structfield.unsent).
    #[must_use]
    pub fn unsent(mut self, policy: UnsentPolicy) -> ReconnectConfig {
        self.unsent = policy;
        self
    }
}
