//! The ways in which a connection fails.

use crate::close::CloseCode;
use std::error::Error as StdError;
use std::fmt;
use std::io;

/// What the other side did against RFC 6455, RFC 7692 or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame with an opcode that means nothing.
    Opcode(u8),
    /// A reserved bit that no extension gave a meaning.
    ReservedBits,
    /// A client's frame without a mask.
    Unmasked,
    /// A server's frame with a mask.
    Masked,
    /// A length written longer than it needs, or of more than 63 bits.
    Length,
    /// A control frame of more than 125 bytes.
    LongControl,
    /// A control frame in fragments.
    FragmentedControl,
    /// A continuation of nothing.
    Continuation,
    /// A new message inside a fragmented one.
    Interleaved,
    /// A close frame of one byte: half a code.
    CloseLength,
    /// A close code that must not be sent.
    CloseCode(u16),
    /// A text or a close reason that is not UTF-8.
    Utf8,
    /// A compressed message that is not what DEFLATE writes.
    Deflate,
    /// A frame longer than [`Config::max_frame`](crate::Config::max_frame), in bytes.
    FrameTooBig(u64),
    /// A message longer than [`Config::max_message`](crate::Config::max_message), before or
    /// after decompression.
    MessageTooBig,
    /// More fragments than [`Config::max_fragments`](crate::Config::max_fragments).
    TooManyFragments,
}

impl ProtocolError {
    /// The code that the close frame about it says.
    pub fn close_code(&self) -> CloseCode {
        match self {
            ProtocolError::Utf8 | ProtocolError::Deflate => CloseCode::INVALID_DATA,
            ProtocolError::FrameTooBig(_) | ProtocolError::MessageTooBig => CloseCode::TOO_BIG,
            ProtocolError::TooManyFragments => CloseCode::POLICY,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProtocolError::Opcode(number) => return write!(f, "unknown opcode {number}"),
            ProtocolError::CloseCode(number) => return write!(f, "invalid close code {number}"),
            ProtocolError::FrameTooBig(len) => {
                return write!(f, "a frame of {len} bytes is too big");
            }
            ProtocolError::ReservedBits => "reserved bits are set",
            ProtocolError::Unmasked => "a client's frame is not masked",
            ProtocolError::Masked => "a server's frame is masked",
            ProtocolError::Length => "the length of a frame is malformed",
            ProtocolError::LongControl => "a control frame is longer than 125 bytes",
            ProtocolError::FragmentedControl => "a control frame is fragmented",
            ProtocolError::Continuation => "a continuation without a beginning",
            ProtocolError::Interleaved => "a message begins inside another",
            ProtocolError::CloseLength => "a close frame of one byte",
            ProtocolError::Utf8 => "text is not UTF-8",
            ProtocolError::Deflate => "compressed data is malformed",
            ProtocolError::MessageTooBig => "a message is too big",
            ProtocolError::TooManyFragments => "a message has too many fragments",
        })
    }
}

impl StdError for ProtocolError {}

/// Why a connection ended otherwise than by a closing handshake.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The other side broke the protocol or a limit; it was told by a close frame.
    Protocol(ProtocolError),
    /// Reading or writing failed.
    Io(io::Error),
    /// The connection ended without a close frame: what browsers show as code 1006.
    Disconnected,
    /// A ping was not answered in time.
    PongTimeout,
    /// No message came or went within [`Config::idle_timeout`](crate::Config::idle_timeout).
    IdleTimeout,
    /// The other side read nothing for [`Config::write_timeout`](crate::Config::write_timeout).
    WriteTimeout,
    /// The other side did not answer the close frame in time.
    CloseTimeout,
    /// The send queue was full, and its policy is to close.
    Overflow,
    /// Something was to be sent on a connection that is closing or closed.
    Closed,
    /// A ping or pong of more than 125 bytes was to be sent.
    ControlTooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Protocol(_) => "the other side broke the protocol",
            Error::Io(_) => "reading or writing failed",
            Error::Disconnected => "the connection ended without a close frame",
            Error::PongTimeout => "a ping was not answered",
            Error::IdleTimeout => "no message came or went for too long",
            Error::WriteTimeout => "the other side does not read",
            Error::CloseTimeout => "the close frame was not answered",
            Error::Overflow => "the send queue is full",
            Error::Closed => "the connection is closed",
            Error::ControlTooLong => "a ping or pong has at most 125 bytes",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Protocol(error) => Some(error),
            Error::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Error {
        Error::Protocol(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

impl Error {
    /// What the close frame about it says: no more than the other side needs to know.
    pub(crate) fn reason(&self) -> String {
        match self {
            Error::Protocol(error) => error.to_string(),
            Error::Overflow => "too slow".to_owned(),
            Error::IdleTimeout => "idle".to_owned(),
            _ => String::new(),
        }
    }
}
