//! Hosts that are reached without a proxy.

use std::net::IpAddr;

/// What `no_proxy` says.
#[derive(Debug)]
pub(super) struct Bypass(Vec<Rule>);

/// One entry: a host or hosts, at one port or at all.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A domain, in lower case, and those under it.
    Domain(String),
    /// The addresses that share so many leading bits with this one.
    Network(IpAddr, u32),
}

impl Bypass {
    /// Reads lists whose entries stand between commas or spaces. What is no entry is passed over, as
    /// others do.
    pub(super) fn new<'a>(lists: impl Iterator<Item = &'a str>) -> Bypass {
        let entries = lists.flat_map(|list| list.split([',', ' ', '\t', '\n']));
        Bypass(entries.filter_map(|entry| Rule::parse(entry.trim())).collect())
    }

    /// Whether a host, in lower case and without brackets, is named at this port.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let addr = host.parse().ok();
        self.0
            .iter()
            .any(|rule| rule.port.is_none_or(|only| only == port) && rule.hosts.contain(host, addr))
    }
}

impl Rule {
    fn parse(entry: &str) -> Option<Rule> {
        if entry.is_empty() {
            return None;
        }
        if let Some(hosts) = Hosts::network(entry) {
            return Some(Rule { hosts, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let hosts = Hosts::network(host).unwrap_or_else(|| Hosts::named(host));
        Some(Rule { hosts, port })
    }
}

impl Hosts {
    /// An address, in brackets or not, or a network.
    fn network(text: &str) -> Option<Hosts> {
        let (addr, bits) = match text.split_once('/') {
            Some((addr, bits)) => (addr, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let bare = addr.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(addr);
        let addr: IpAddr = bare.parse().ok()?;
        let width = if addr.is_ipv6() { 128 } else { 32 };
        let bits = bits.unwrap_or(width);
        (bits <= width).then_some(Hosts::Network(addr, bits))
    }

    fn named(host: &str) -> Hosts {
        if host == "*" {
            return Hosts::All;
        }
        let bare = host.strip_prefix('*').unwrap_or(host);
        let bare = bare.strip_prefix('.').unwrap_or(bare);
        Hosts::Domain(bare.trim_end_matches('.').to_ascii_lowercase())
    }

    fn contain(&self, host: &str, addr: Option<IpAddr>) -> bool {
        match self {
            Hosts::All => true,
            Hosts::Domain(domain) => {
                let host = host.trim_end_matches('.');
                let before = host.strip_suffix(domain.as_str());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            Hosts::Network(network, bits) => {
                addr.is_some_and(|addr| leading(addr, *bits) == leading(*network, *bits))
            }
        }
    }
}

/// The leading bits of an address, and its family.
fn leading(addr: IpAddr, bits: u32) -> (bool, u128) {
    match addr {
        IpAddr::V4(addr) => {
            (false, u128::from(addr.to_bits().checked_shr(32 - bits).unwrap_or_default()))
        }
        IpAddr::V6(addr) => (true, addr.to_bits().checked_shr(128 - bits).unwrap_or_default()),
    }
}

/// Whether a host is this machine.
pub(super) fn is_local(host: &str) -> bool {
    let is_loopback = host.parse().is_ok_and(|addr: IpAddr| addr.to_canonical().is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::Bypass;

    #[track_caller]
    fn check(list: &str, host: &str, expected: bool) {
        let (host, port) = host.rsplit_once('=').unwrap_or((host, "80"));
        let found = Bypass::new([list].into_iter()).contains(host, port.parse().unwrap());
        assert_eq!(found, expected, "{list:?} {host} {port}");
    }

    #[test]
    fn domains_hold_for_what_is_under_them() {
        for list in ["a.test", ".a.test", "*.a.test", "x, A.Test ,y", "x a.test", "a.test."] {
            check(list, "a.test", true);
            check(list, "b.a.test", true);
            check(list, "ba.test", false);
            check(list, "test", false);
        }
        check("*", "anything", true);
        check("", "anything", false);
        check("a.test", "a.test.", true);
    }

    #[test]
    fn addresses_and_networks_hold_for_addresses() {
        check("10.0.0.0/8", "10.200.3.4", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("0.0.0.0/0", "::1", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.70", false);
        check("fd00::/8", "fd12::1", true);
        check("::/0", "2001:db8::1", true);
        check("[2001:db8::1]", "2001:db8::1", true);
        check("10.0.0.0/33", "10.0.0.0", false);
        check("10.0.0.0/8", "10.example", false);
    }

    #[test]
    fn an_entry_can_be_for_one_port() {
        check("a.test:8080", "a.test=8080", true);
        check("a.test:8080", "a.test", false);
        check("[2001:db8::1]:81", "2001:db8::1=81", true);
        check("[2001:db8::1]:81", "2001:db8::1=82", false);
        check("a.test:port", "a.test", false);
        check("192.0.2.7:80", "192.0.2.7", true);
    }
}
