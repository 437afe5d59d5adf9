//! The client's side of the handshake.

use super::offer::{names, only};
use super::{HandshakeError, extensions, key};
use crate::agreement::Agreement;
use crate::config::Config;
use crate::deflate;
use crate::role::Role;
use http::StatusCode;
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};

/// A handshake that a client has begun.
///
/// ```
/// use landspout_websocket::{Config, Offer, Opening};
/// use http::{Method, Version};
///
/// let config = Config::default().subprotocol("chat");
/// let opening = Opening::new(&config);
///
/// // The request is a GET with these headers, `Host`, and what else the client wants to say.
/// let request = opening.headers();
///
/// // A server answers it,
/// let offer = Offer::read(&Method::GET, Version::HTTP_11, &request)?;
/// let answer = offer.accept(&config)?;
///
/// // and when its status and headers have come:
/// let agreement = opening.finish(answer.status, &answer.headers)?;
/// assert_eq!(agreement.subprotocol(), Some("chat"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Opening {
    /// An extended CONNECT has none.
    key: Option<String>,
    config: Config,
}

impl Opening {
    /// A handshake by a GET request of HTTP/1.1 (RFC 6455 §4.1), with a random key.
    pub fn new(config: &Config) -> Opening {
        Opening { key: Some(key::random()), config: config.clone() }
    }

    /// A handshake by an extended CONNECT whose `:protocol` is `websocket`, of HTTP/2
    /// (RFC 8441 §5) or HTTP/3 (RFC 9220).
    pub fn over_connect(config: &Config) -> Opening {
        Opening { key: None, config: config.clone() }
    }

    /// The headers that make the request a handshake. `Host`, or `:authority`, is the
    /// caller's to add.
    ///
    /// Of the config's subprotocols, those that are no tokens (RFC 9110 §5.6.2) are left out.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(key) = self.key.as_deref().and_then(|key| HeaderValue::from_str(key).ok()) {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_KEY, key);
        }
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        // In one line, because there are servers that read the last line only.
        let is_token = |name: &&str| {
            let line = HeaderValue::from_str(name).ok();
            let names = line.as_ref().and_then(|line| extensions::tokens([line]));
            names.is_some_and(|names| names.len() == 1)
        };
        let names = self.config.subprotocols.iter().map(String::as_str).filter(is_token);
        let names = names.collect::<Vec<_>>().join(", ");
        if !names.is_empty() {
            let names = HeaderValue::try_from(names);
            headers.insert(SEC_WEBSOCKET_PROTOCOL, names.expect("tokens make a header value"));
        }
        if let Some(Ok(offer)) = deflate::offer(&self.config).map(HeaderValue::try_from) {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, offer);
        }
        headers
    }

    /// Reads the server's answer (RFC 6455 §4.1, the list at its end).
    ///
    /// # Errors
    ///
    /// The answer opens no WebSocket, or not the one that was asked for. The connection cannot
    /// be used as one.
    pub fn finish(
        self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Agreement, HandshakeError> {
        self.check(status, headers)?;
        let subprotocol = match headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            false => None,
            true => Some(
                only(headers, &SEC_WEBSOCKET_PROTOCOL)
                    .and_then(|name| self.config.subprotocols.iter().find(|one| name == one))
                    .ok_or(HandshakeError::Subprotocol)?
                    .clone(),
            ),
        };
        let extensions = extensions::read(headers).ok_or(HandshakeError::Extension)?;
        let deflate = match extensions.as_slice() {
            [] => None,
            [one] => Some(deflate::confirm(&self.config, one).ok_or(HandshakeError::Extension)?),
            _ => return Err(HandshakeError::Extension),
        };
        Ok(Agreement { role: Role::Client, subprotocol, deflate })
    }

    fn check(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), HandshakeError> {
        let Some(key) = &self.key else {
            // RFC 8441 §5: any 2xx accepts.
            return match status.is_success() {
                true => Ok(()),
                false => Err(HandshakeError::Status(status)),
            };
        };
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(HandshakeError::Status(status));
        }
        let upgrade = only(headers, &UPGRADE)
            .is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
        if !upgrade || !names(headers, &CONNECTION, "upgrade") {
            return Err(HandshakeError::Upgrade);
        }
        match only(headers, &SEC_WEBSOCKET_ACCEPT) {
            Some(answer) if *answer == key::answer(key.as_bytes()) => Ok(()),
            _ => Err(HandshakeError::Accept),
        }
    }
}
