//! The ways in which a handshake fails.

use super::Refusal;
use http::StatusCode;
use std::error::Error;
use std::fmt;
use std::io;

/// Why a handshake led to no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// This server refused the request, and has answered it.
    Refused(Refusal),
    /// The server answered with another status than the one that opens a WebSocket.
    Status(StatusCode),
    /// The server's answer does not name the upgrade that was asked for.
    Upgrade,
    /// The server's answer does not belong to the key that was sent.
    Accept,
    /// The server chose a subprotocol that was not offered.
    Subprotocol,
    /// The server chose an extension that was not offered, or not so.
    Extension,
    /// What came is no HTTP/1.1 head, or one of more than 16 KiB.
    Head,
    /// The URI to connect to has no host, or a scheme other than `ws`, `wss` and their HTTP
    /// kin.
    Uri,
    /// It took longer than [`Config::handshake_timeout`](crate::Config::handshake_timeout).
    Timeout,
    /// Reading or writing failed, or ended early.
    Io(io::Error),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandshakeError::Refused(_) => "the request was refused",
            HandshakeError::Status(status) => return write!(f, "the server answered {status}"),
            HandshakeError::Upgrade => "the server did not upgrade the connection",
            HandshakeError::Accept => "the server's answer does not belong to the key",
            HandshakeError::Subprotocol => "the server chose a subprotocol that was not offered",
            HandshakeError::Extension => "the server chose an extension that was not offered",
            HandshakeError::Head => "the head is malformed or too long",
            HandshakeError::Uri => "the URI is not that of a WebSocket",
            HandshakeError::Timeout => "the handshake took too long",
            HandshakeError::Io(_) => "reading or writing failed",
        })
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            HandshakeError::Refused(refusal) => Some(refusal),
            HandshakeError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Refusal> for HandshakeError {
    fn from(refusal: Refusal) -> HandshakeError {
        HandshakeError::Refused(refusal)
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        HandshakeError::Io(error)
    }
}
