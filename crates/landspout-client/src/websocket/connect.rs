//! From a request to an open WebSocket.

use super::{Config, ConnectError, HandshakeError, Upgraded, WebSocket};
use crate::RequestBuilder;
use http::Version;
use landspout_websocket::Opening;
use std::borrow::Cow;

/// Sends the request as a handshake, and opens the WebSocket over what answers it.
pub(crate) async fn connect(
    request: RequestBuilder,
    config: &Config,
) -> Result<WebSocket<Upgraded>, ConnectError> {
    let opening = Opening::new(config);
    let request = request.headers(opening.headers()).into_handshake(config.handshake_timeout);
    let mut response = request.send().await.map_err(ConnectError::Fetch)?;
    let opening = match response.version() {
        // RFC 8441 §5: what went out was an extended CONNECT, to which there is no key.
        Version::HTTP_2 => Opening::over_connect(config),
        _ => opening,
    };
    match opening.finish(response.status(), response.headers()) {
        Ok(agreement) => {
            // An answer that opens a WebSocket brings the connection along, or a stream of it.
            let upgrade = response.take_upgrade();
            let upgrade = upgrade.ok_or(ConnectError::Handshake(HandshakeError::Upgrade))?;
            let io = upgrade.await.map_err(HandshakeError::Io).map_err(ConnectError::Handshake)?;
            Ok(WebSocket::new(io, agreement, config))
        }
        Err(HandshakeError::Status(_)) => Err(ConnectError::Refused(Box::new(response))),
        Err(error) => Err(ConnectError::Handshake(error)),
    }
}

/// RFC 6455 §3: `ws` is `http`, and `wss` is `https`; others stay what they are.
pub(crate) fn http_url(url: &str) -> Cow<'_, str> {
    match url.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http:{rest}").into(),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => {
            format!("https:{rest}").into()
        }
        _ => url.into(),
    }
}
