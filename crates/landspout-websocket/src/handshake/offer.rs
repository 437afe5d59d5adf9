//! The server's side of the handshake.

use super::extensions::{self, Extension};
use super::{Refusal, key};
use crate::agreement::Agreement;
use crate::config::Config;
use crate::deflate;
use crate::role::Role;
use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{Method, StatusCode, Uri, Version};

/// What a client asks for: a request that is a right handshake, read by the server.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
/// use landspout_websocket::{Config, Offer};
///
/// let mut headers = HeaderMap::new();
/// for (name, value) in [
///     ("host", "example.com"),
///     ("connection", "Upgrade"),
///     ("upgrade", "websocket"),
///     ("sec-websocket-version", "13"),
///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-protocol", "chat, superchat"),
/// ] {
///     headers.insert(name, HeaderValue::from_static(value));
/// }
/// let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers)?;
/// assert_eq!(offer.subprotocols(), ["chat", "superchat"]);
///
/// let accepted = offer.accept(&Config::default().subprotocol("superchat"))?;
/// assert_eq!(accepted.status, StatusCode::SWITCHING_PROTOCOLS);
/// assert_eq!(accepted.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// assert_eq!(accepted.agreement.subprotocol(), Some("superchat"));
/// // When the response has gone out: `WebSocket::new(io, accepted.agreement, &config)`.
/// # Ok::<(), landspout_websocket::Refusal>(())
/// ```
#[derive(Debug)]
pub struct Offer {
    /// The answer to the key; an extended CONNECT has none.
    answer: Option<String>,
    host: Option<String>,
    origin: Option<String>,
    subprotocols: Vec<String>,
    extensions: Vec<Extension>,
}

/// A server's answer that opens a WebSocket, and what it settles.
#[derive(Debug)]
#[non_exhaustive]
pub struct Acceptance {
    /// The response's status: 101, or 200 to an extended CONNECT.
    pub status: StatusCode,
    /// The headers that the response needs.
    pub headers: HeaderMap,
    /// What holds on the connection when the response has gone out.
    pub agreement: Agreement,
}

impl Offer {
    /// Reads the handshake of an HTTP/1.1 request (RFC 6455 §4.2.1).
    ///
    /// # Errors
    ///
    /// The request is no such handshake; the [`Refusal`] is the response.
    pub fn read(method: &Method, version: Version, headers: &HeaderMap) -> Result<Offer, Refusal> {
        if *method != Method::GET {
            return Err(Refusal::Method);
        }
        if version != Version::HTTP_11 {
            return Err(Refusal::HttpVersion);
        }
        if !headers.contains_key(UPGRADE) {
            return Err(Refusal::NoUpgrade);
        }
        if !names(headers, &UPGRADE, "websocket") {
            return Err(Refusal::Upgrade);
        }
        if !names(headers, &CONNECTION, "upgrade") {
            return Err(Refusal::Connection);
        }
        check_version(headers)?;
        let key = only(headers, &SEC_WEBSOCKET_KEY)
            .map(HeaderValue::as_bytes)
            .filter(|value| key::is_valid(value))
            .ok_or(Refusal::Key)?;
        let host = text(headers, &HOST);
        Offer::new(Some(key::answer(key)), host, headers)
    }

    /// Reads the handshake of an extended CONNECT, of HTTP/2 (RFC 8441 §5) or HTTP/3 (RFC 9220):
    /// its pseudo-header `:protocol`, its URI and its headers.
    ///
    /// # Errors
    ///
    /// The request is no such handshake; the [`Refusal`] is the response.
    pub fn read_connect(protocol: &str, uri: &Uri, headers: &HeaderMap) -> Result<Offer, Refusal> {
        if !protocol.eq_ignore_ascii_case("websocket") {
            return Err(Refusal::Protocol);
        }
        check_version(headers)?;
        let host = uri.authority().map(|authority| authority.as_str().to_owned());
        Offer::new(None, host.or_else(|| text(headers, &HOST)), headers)
    }

    fn new(
        answer: Option<String>,
        host: Option<String>,
        headers: &HeaderMap,
    ) -> Result<Offer, Refusal> {
        let names = extensions::tokens(headers.get_all(SEC_WEBSOCKET_PROTOCOL));
        let mut subprotocols: Vec<String> = Vec::new();
        for name in names.ok_or(Refusal::Subprotocols)? {
            // RFC 6455 §4.1: the names must all be different.
            if subprotocols.iter().any(|known| known == name) {
                return Err(Refusal::Subprotocols);
            }
            subprotocols.push(name.to_owned());
        }
        let extensions = extensions::read(headers).ok_or(Refusal::Extensions)?;
        // An origin that cannot be read is one that is not allowed.
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null").to_owned());
        Ok(Offer { answer, host, origin, subprotocols, extensions })
    }

    /// The subprotocols that the client would speak, the one it likes best first.
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// The origin of the web page, if a browser asks.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Says under which host the web page sees this server, where a trusted proxy names another one
    /// than the `Host` header.
    #[must_use]
    pub fn with_host(mut self, host: &str) -> Offer {
        self.host = Some(host.to_owned());
        self
    }

    /// The offer without its extensions: for a client whose compression is known to be wrong.
    #[must_use]
    pub fn without_extensions(mut self) -> Offer {
        self.extensions.clear();
        self
    }

    /// Accepts it, with the first of the config's subprotocols that the client offers.
    ///
    /// # Errors
    ///
    /// [`Refusal::Origin`] if [`Config::origins`] does not allow the page.
    pub fn accept(self, config: &Config) -> Result<Acceptance, Refusal> {
        let chosen = config.subprotocols.iter().find(|name| self.subprotocols.contains(name));
        self.accept_as(chosen.map(String::as_str), config)
    }

    /// Accepts it with a subprotocol that the caller chose from [`subprotocols`]; one that the
    /// client did not offer is left out, as the client would not take it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Origin`] if [`Config::origins`] does not allow the page.
    ///
    /// [`subprotocols`]: Offer::subprotocols
    pub fn accept_as(
        self,
        subprotocol: Option<&str>,
        config: &Config,
    ) -> Result<Acceptance, Refusal> {
        if let Some(origin) = &self.origin
            && !config.origins.allow(origin, self.host.as_deref())
        {
            return Err(Refusal::Origin);
        }
        let mut headers = HeaderMap::new();
        let mut status = StatusCode::OK;
        if let Some(answer) = &self.answer {
            status = StatusCode::SWITCHING_PROTOCOLS;
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            insert(&mut headers, SEC_WEBSOCKET_ACCEPT, answer);
        }
        let subprotocol = self.subprotocols.iter().find(|name| Some(name.as_str()) == subprotocol);
        if let Some(name) = subprotocol {
            insert(&mut headers, SEC_WEBSOCKET_PROTOCOL, name);
        }
        let (deflate, answer) = deflate::accept(config, &self.extensions).unzip();
        if let Some(answer) = answer {
            insert(&mut headers, SEC_WEBSOCKET_EXTENSIONS, &answer);
        }
        let agreement =
            Agreement { role: Role::Server, subprotocol: subprotocol.cloned(), deflate };
        Ok(Acceptance { status, headers, agreement })
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("tokens and base64 are header values");
    headers.insert(name, value);
}

/// Whether a header's list has a name, in whatever case.
pub(super) fn names(headers: &HeaderMap, header: &HeaderName, name: &str) -> bool {
    let lines = headers.get_all(header).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| one.trim().eq_ignore_ascii_case(name))
}

/// A header's value, if there is exactly one.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    values.next().filter(|_| values.next().is_none())
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    only(headers, name)?.to_str().ok().map(str::to_owned)
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    match only(headers, &SEC_WEBSOCKET_VERSION) {
        Some(version) if version == "13" => Ok(()),
        _ => Err(Refusal::Version),
    }
}
