//! Why a server does not open a WebSocket.

use http::StatusCode;
use http::header::{ALLOW, CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE};
use std::error::Error;
use std::fmt;

/// Why a server does not open a WebSocket, with the response that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The method is not GET: 405.
    Method,
    /// The request is HTTP/1.0, or a plain one of HTTP/2: 400.
    HttpVersion,
    /// An ordinary request, without an `Upgrade` header: 426.
    NoUpgrade,
    /// `Upgrade` names something else than `websocket`: 400.
    Upgrade,
    /// `Connection` does not name `upgrade`: 400.
    Connection,
    /// `Sec-WebSocket-Version` is not 13: 426, with the version that it should be.
    Version,
    /// `Sec-WebSocket-Key` is missing, repeated, or not sixteen bytes in base64: 400.
    Key,
    /// `Sec-WebSocket-Protocol` is no list of different names: 400.
    Subprotocols,
    /// `Sec-WebSocket-Extensions` is malformed: 400.
    Extensions,
    /// The web page is not one of [`Config::origins`](crate::Config::origins): 403.
    Origin,
    /// An extended CONNECT for another protocol (RFC 9220 §3): 501.
    Protocol,
}

impl Refusal {
    /// The response's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::NoUpgrade | Refusal::Version => StatusCode::UPGRADE_REQUIRED,
            Refusal::Origin => StatusCode::FORBIDDEN,
            Refusal::Protocol => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The headers that the response must have: `Allow` with 405 (RFC 9110 §15.5.6), `Upgrade`
    /// with 426 (§15.5.22), and the version that is spoken here (RFC 6455 §4.4).
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.status() == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET"));
        }
        if self.status() == StatusCode::UPGRADE_REQUIRED {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        headers
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Method => "a WebSocket is opened with GET",
            Refusal::HttpVersion => "a WebSocket needs HTTP/1.1 or extended CONNECT",
            Refusal::NoUpgrade => "this is a WebSocket: upgrade, please",
            Refusal::Upgrade => "the upgrade is not to a WebSocket",
            Refusal::Connection => "the connection header does not say upgrade",
            Refusal::Version => "the WebSocket version is not 13",
            Refusal::Key => "the WebSocket key is missing or malformed",
            Refusal::Subprotocols => "the list of subprotocols is malformed",
            Refusal::Extensions => "the list of extensions is malformed",
            Refusal::Origin => "WebSockets of this origin are not allowed",
            Refusal::Protocol => "the protocol is not a WebSocket",
        })
    }
}

impl Error for Refusal {}
