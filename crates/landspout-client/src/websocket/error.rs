//! Why a WebSocket is not open.

use super::{CloseFrame, Error, HandshakeError};
use crate::{ClientResponse, FetchError};
use std::error::Error as StdError;
use std::fmt;

/// Why a WebSocket could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// There was no answer, or the request is none that could be sent.
    Fetch(FetchError),
    /// The server answered something else than 101: 401, 403, 426, a redirect that was not to be
    /// followed. The body, which often says why, can be read.
    Refused(Box<ClientResponse>),
    /// The server answered 101, but not so that this WebSocket is open.
    Handshake(HandshakeError),
}

impl ConnectError {
    /// Whether another attempt may go better: there was no answer, or one of 408, 425, 429 or of the
    /// server's errors (5xx) other than 501 and 505.
    pub fn may_pass(&self) -> bool {
        match self {
            ConnectError::Fetch(error) => {
                !(error.is_invalid_request() || error.is_redirect() || error.is_malformed())
            }
            ConnectError::Refused(response) => {
                matches!(response.status().as_u16(), 408 | 425 | 429 | 500 | 502..=504 | 506..=599)
            }
            ConnectError::Handshake(error) => {
                matches!(error, HandshakeError::Io(_) | HandshakeError::Timeout)
            }
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Fetch(_) => f.write_str("the WebSocket could not be opened"),
            ConnectError::Refused(response) => {
                write!(f, "the server opens no WebSocket, but answers {}", response.status())
            }
            ConnectError::Handshake(_) => f.write_str("the server opens another WebSocket"),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            ConnectError::Fetch(error) => Some(error),
            ConnectError::Refused(_) => None,
            ConnectError::Handshake(error) => Some(error),
        }
    }
}

/// Why a [`ReconnectingWebSocket`](super::ReconnectingWebSocket) is over, or does not take a message.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReconnectError {
    /// It could not be opened, and another attempt would not go better; or it was the last that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows.
    Connect(ConnectError),
    /// The connection broke for the last time that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows.
    Lost(Error),
    /// The other side closed it with one of the
    /// [`final_codes`](super::ReconnectConfig#structfield.final_codes) other than 1000; or, without
    /// a code or with any, for the last time that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows.
    Closed(Option<CloseFrame>),
    /// [`max_unsent`](super::ReconnectConfig#structfield.max_unsent) bytes wait for a connection.
    Full,
    /// Something was to be sent after the end.
    Over,
}

impl fmt::Display for ReconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReconnectError::Connect(_) => f.write_str("the WebSocket cannot be opened again"),
            ReconnectError::Lost(_) => f.write_str("the WebSocket broke too often"),
            ReconnectError::Closed(Some(frame)) => {
                write!(f, "the other side closed the WebSocket: {frame}")
            }
            ReconnectError::Closed(None) => f.write_str("the other side closed the WebSocket"),
            ReconnectError::Full => f.write_str("too much waits for the WebSocket to be open"),
            ReconnectError::Over => f.write_str("the WebSocket is closed"),
        }
    }
}

impl StdError for ReconnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            ReconnectError::Connect(error) => Some(error),
            ReconnectError::Lost(error) => Some(error),
            _ => None,
        }
    }
}
