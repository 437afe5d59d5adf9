//! Why a body could not be read.

use std::error::Error as StdError;
use std::fmt;

/// Why a body could not be read to its end.
///
/// It comes from the other side of the wire, so it is asked questions rather than matched. As an
/// [`Error`](crate::Error) it is the answer that HTTP has for it: 413, 408 or 400.
#[derive(Debug)]
pub struct BodyError {
    kind: ErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorKind {
    TooLarge { limit: u64 },
    Timeout,
    Incomplete,
    Malformed,
    Other,
}

impl BodyError {
    /// There are more bytes than `limit` allows.
    pub fn too_large(limit: u64) -> BodyError {
        BodyError { kind: ErrorKind::TooLarge { limit }, source: None }
    }

    /// The sender was too slow.
    pub fn timeout() -> BodyError {
        BodyError { kind: ErrorKind::Timeout, source: None }
    }

    /// The sender went away before the end.
    pub fn incomplete(source: impl Into<Box<dyn StdError + Send + Sync>>) -> BodyError {
        BodyError { kind: ErrorKind::Incomplete, source: Some(source.into()) }
    }

    /// What arrived is not what the framing, the coding or the reader asked for.
    pub fn malformed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> BodyError {
        BodyError { kind: ErrorKind::Malformed, source: Some(source.into()) }
    }

    /// The source of the body failed for a reason of its own.
    pub fn other(source: impl Into<Box<dyn StdError + Send + Sync>>) -> BodyError {
        BodyError { kind: ErrorKind::Other, source: Some(source.into()) }
    }

    /// Whether the body is longer than its limit.
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, ErrorKind::TooLarge { .. })
    }

    /// Whether the sender was too slow.
    pub fn is_timeout(&self) -> bool {
        self.kind == ErrorKind::Timeout
    }

    /// Whether the sender went away before the end.
    pub fn is_incomplete(&self) -> bool {
        self.kind == ErrorKind::Incomplete
    }

    /// Whether the bytes are not what they should be.
    pub fn is_malformed(&self) -> bool {
        self.kind == ErrorKind::Malformed
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            ErrorKind::Timeout => f.write_str("the body did not arrive in time"),
            ErrorKind::Incomplete => f.write_str("the body ended before it was complete"),
            ErrorKind::Malformed => f.write_str("the body is malformed"),
            ErrorKind::Other => f.write_str("the body could not be produced"),
        }
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
