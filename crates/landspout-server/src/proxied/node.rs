//! One hop of a forwarded request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who a proxy says it got a request from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Addr(IpAddr),
    /// RFC 7239 §6.2 and §6.3: the proxy does not know, or does not tell.
    Hidden,
}

impl Node {
    /// Reads `node` of RFC 7239 §6; `None` if it is none. The port is checked and left out.
    pub(crate) fn parse(text: &str) -> Option<Node> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            let port = port.strip_prefix(':').or(port.is_empty().then_some("0"))?;
            return is_port(port).then(|| Node::Addr(IpAddr::V6(address).to_canonical()));
        }
        let (name, port) = text.split_once(':').unwrap_or((text, "0"));
        if !is_port(port) {
            return None;
        }
        if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
            return Some(Node::Hidden);
        }
        name.parse::<Ipv4Addr>().ok().map(|address| Node::Addr(address.into()))
    }

    /// As `X-Forwarded-For` has it, which never had a grammar: IPv6 stands without brackets, too.
    pub(crate) fn parse_loosely(text: &str) -> Option<Node> {
        match text.parse::<Ipv6Addr>() {
            Ok(address) => Some(Node::Addr(IpAddr::V6(address).to_canonical())),
            Err(_) => Node::parse(text),
        }
    }
}

/// RFC 7239 §6: digits, or an obfuscated one.
fn is_port(text: &str) -> bool {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || is_obfuscated(text)
}

/// RFC 7239 §6.3.
fn is_obfuscated(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_allowed))
}
