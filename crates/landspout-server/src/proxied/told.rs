//! From the headers of a proxy to what it told.

use super::forwarded::{self, Element};
use super::node::Node;
use super::trusted::is_trusted;
use super::{ProxyConfig, TrustedProxy, x_forwarded};
use crate::ServerConfig;
use crate::check::is_host;
use http::HeaderMap;
use http::header::FORWARDED;
use landspout_handler::{Connection, Forwarded};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// In which headers [trusted proxies](ProxyConfig#structfield.trusted) tell of the
/// client. Only these are read: a proxy replaces or completes the headers that it knows and hands
/// the others on as the client sent them.
///
/// In TOML: `"x-forwarded"`, `"forwarded"` or `"none"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProxyHeaders {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. It is the default because
    /// nearly every proxy sends these unasked.
    ///
    /// Of `-Proto` and `-Host`, which no list keeps in step with `-For`, the last entry counts, that
    /// of the nearest proxy: where there are several, the inner ones must hand on what the outer one
    /// said. `X-Forwarded-Port` is not read.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// No headers: the PROXY protocol alone, or nothing.
    None,
}

/// What the trusted proxies in front of this server say about a request; `None` if they say nothing.
///
/// The other end of the connection is trusted. The hops are read from the nearest on: as long as
/// a hop is a trusted proxy, the word that it gave of the hop before counts. Everything beyond is the
/// client's own word.
pub(crate) fn told(
    headers: &HeaderMap,
    connection: &Connection,
    config: &ServerConfig,
) -> Option<Forwarded> {
    let peer = connection.remote_addr().map(|addr| addr.ip());
    read(headers, &config.proxies, peer, connection.is_secure())
}

fn read(
    headers: &HeaderMap,
    config: &ProxyConfig,
    peer: Option<IpAddr>,
    secure: bool,
) -> Option<Forwarded> {
    match config.headers {
        ProxyHeaders::XForwarded => read_x_forwarded(headers, &config.trusted, peer, secure),
        ProxyHeaders::Forwarded => read_forwarded(headers, &config.trusted, peer, secure),
        ProxyHeaders::None => None,
    }
}

fn read_x_forwarded(
    headers: &HeaderMap,
    proxies: &[TrustedProxy],
    peer: Option<IpAddr>,
    secure: bool,
) -> Option<Forwarded> {
    let mut nodes = x_forwarded::from_last(headers, &x_forwarded::FOR).peekable();
    let proto = x_forwarded::from_last(headers, &x_forwarded::PROTO).next();
    let host = x_forwarded::from_last(headers, &x_forwarded::HOST).next();
    if nodes.peek().is_none() && proto.is_none() && host.is_none() {
        return None;
    }
    let mut client = peer;
    for text in nodes {
        match step(proxies, Node::parse_loosely(text)) {
            Step::Further(addr) => client = Some(addr),
            Step::Stop(addr) => {
                client = addr;
                break;
            }
        }
    }
    Some(conclude(client, proto, host, secure))
}

fn read_forwarded(
    headers: &HeaderMap,
    proxies: &[TrustedProxy],
    peer: Option<IpAddr>,
    secure: bool,
) -> Option<Forwarded> {
    let mut lines = headers.get_all(FORWARDED).iter().rev().peekable();
    lines.peek()?;
    let mut client = peer;
    let mut last = Element::default();
    let elements = lines.flat_map(|line| forwarded::from_last(line.to_str().unwrap_or("?")));
    for text in elements {
        // An element that cannot be read tells nothing, of nobody.
        last = forwarded::parse(text).unwrap_or_default();
        match step(proxies, last.node) {
            Step::Further(addr) => client = Some(addr),
            Step::Stop(addr) => {
                client = addr;
                break;
            }
        }
    }
    Some(conclude(client, last.proto.as_deref(), last.host.as_deref(), secure))
}

enum Step {
    /// A trusted proxy: what it says of the hop before counts.
    Further(IpAddr),
    /// The client, as far as it is known.
    Stop(Option<IpAddr>),
}

/// A hop that cannot be read, or is not told, is not known: to take the proxy for the client instead
/// would give the client the proxy's rights.
fn step(proxies: &[TrustedProxy], node: Option<Node>) -> Step {
    match node {
        Some(Node::Addr(addr)) if is_trusted(proxies, Some(addr)) => Step::Further(addr),
        Some(Node::Addr(addr)) => Step::Stop(Some(addr)),
        Some(Node::Hidden) | None => Step::Stop(None),
    }
}

fn conclude(
    client: Option<IpAddr>,
    proto: Option<&str>,
    host: Option<&str>,
    secure: bool,
) -> Forwarded {
    let mut told = Forwarded::default();
    told.client = client;
    told.secure = proto.and_then(is_secure).unwrap_or(secure);
    told.host = host.filter(|host| is_host(host.as_bytes())).map(Into::into);
    told
}

/// `None` for a scheme that is not HTTP's. Some proxies name that of WebSockets.
fn is_secure(scheme: &str) -> Option<bool> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("https") || is("wss") {
        return Some(true);
    }
    (is("http") || is("ws")).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn client(family: ProxyHeaders, name: &'static str, line: &str) -> Option<IpAddr> {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let config = ProxyConfig::default().trust(proxy.into()).headers(family);
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(line).unwrap());
        read(&headers, &config, Some(proxy), false).unwrap().client
    }

    proptest! {
        /// Whatever a client writes, what the proxy adds behind it is what counts.
        #[test]
        fn a_client_cannot_change_what_its_proxy_says(
            text in "[ -~]{0,40}|[\",;=\\\\ for]{0,20}",
            addr: IpAddr,
        ) {
            let addr = addr.to_canonical();
            prop_assume!(addr != IpAddr::from([10, 0, 0, 1]));
            let line = format!("{text}, {addr}");
            prop_assert_eq!(client(ProxyHeaders::XForwarded, "x-forwarded-for", &line), Some(addr));
            let line = match addr {
                IpAddr::V4(addr) => format!("{text}, for={addr}"),
                IpAddr::V6(addr) => format!("{text}, for=\"[{addr}]\""),
            };
            prop_assert_eq!(client(ProxyHeaders::Forwarded, "forwarded", &line), Some(addr));
        }

        #[test]
        fn no_line_does_harm(text in "\\PC{0,60}") {
            let Ok(value) = HeaderValue::from_str(&text) else { return Ok(()) };
            let mut headers = HeaderMap::new();
            headers.insert("forwarded", value.clone());
            headers.insert("x-forwarded-for", value);
            let config = ProxyConfig::default();
            for family in [ProxyHeaders::Forwarded, ProxyHeaders::XForwarded] {
                let told = read(&headers, &config.clone().headers(family), None, false);
                prop_assert!(told.is_some());
            }
        }
    }
}
