//! Why a connection is closed (RFC 6455 §7.4).

use crate::error::ProtocolError;
use std::fmt;

/// The longest reason in bytes: a control frame carries 125, the code takes two.
const MAX_REASON: usize = 123;

/// A close code: a number that may stand in a close frame.
///
/// These are 1000 to 1003, 1007 to 1014, and 3000 to 4999. The others are reserved, or mean
/// something that no frame says, such as 1006, "the connection was lost".
///
/// ```
/// use landspout_websocket::CloseCode;
///
/// assert_eq!(CloseCode::new(1001), Some(CloseCode::GOING_AWAY));
/// assert_eq!(CloseCode::new(1006), None);
/// assert_eq!(CloseCode::NORMAL.get(), 1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: the server shuts down, or the browser leaves the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the other side broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a kind of message that this side does not take.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// 1007: text that is not UTF-8, or data that does not decompress.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// 1008: a rule of this side's own was broken.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// 1009: a message larger than this side takes.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1010: the client needed an extension that the server did not accept.
    pub const EXTENSION_REQUIRED: CloseCode = CloseCode(1010);
    /// 1011: the server failed.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);
    /// 1012: the server restarts; come again.
    pub const RESTART: CloseCode = CloseCode(1012);
    /// 1013: the server is overloaded, or the receiver too slow; come again later.
    pub const TRY_AGAIN: CloseCode = CloseCode(1013);
    /// 1014: a gateway had no valid answer from behind it.
    pub const BAD_GATEWAY: CloseCode = CloseCode(1014);

    /// The code of this number, if it may stand in a close frame.
    pub const fn new(number: u16) -> Option<CloseCode> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a close frame says: a code and a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: CloseCode,
    /// At most [`MAX_REASON`] bytes.
    reason: String,
}

impl CloseFrame {
    /// A code and a reason; of a reason beyond 123 bytes the whole characters before that are
    /// kept, for a close frame has no room for more.
    ///
    /// ```
    /// use landspout_websocket::{CloseCode, CloseFrame};
    ///
    /// let frame = CloseFrame::new(CloseCode::NORMAL, "ü".repeat(100));
    /// assert_eq!(frame.reason().len(), 122);
    /// ```
    pub fn new(code: CloseCode, reason: impl Into<String>) -> CloseFrame {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
        CloseFrame { code, reason }
    }

    /// The code.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason, possibly empty: words for a log, not for a program.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Reads the payload of a close frame; an empty one has neither code nor reason.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<CloseFrame>, ProtocolError> {
        let (number, reason) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseLength),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let code = CloseCode::new(number).ok_or(ProtocolError::CloseCode(number))?;
        // RFC 6455 §8.1: a reason that is not UTF-8 is bad data, as in a text message.
        let reason = std::str::from_utf8(reason).map_err(|_| ProtocolError::Utf8)?;
        Ok(Some(CloseFrame { code, reason: reason.to_owned() }))
    }

    pub(crate) fn to_payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(2 + self.reason.len());
        payload.extend_from_slice(&self.code.0.to_be_bytes());
        payload.extend_from_slice(self.reason.as_bytes());
        payload
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => self.code.fmt(f),
            reason => write!(f, "{} {reason}", self.code),
        }
    }
}
