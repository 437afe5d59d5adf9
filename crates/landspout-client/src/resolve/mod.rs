//! From a host to addresses.

mod names;
mod order;
mod system;

pub(crate) use order::in_turns;

use crate::target::Origin;
use crate::{ClientConfig, ConnectOptions, Resolver};
use names::Names;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use system::System;

/// What is known of hosts: overrides before all, then what was asked for lately, then the resolver.
#[derive(Debug)]
pub(crate) struct Hosts {
    overrides: BTreeMap<String, Vec<SocketAddr>>,
    names: Names,
    resolver: Box<dyn Resolver>,
}

impl Hosts {
    /// `resolver` takes the place of the system's.
    pub(crate) fn new(config: &ClientConfig, resolver: Option<Box<dyn Resolver>>) -> Hosts {
        Hosts {
            overrides: config.resolve.clone(),
            names: Names::new(config.dns_ttl, config.dns_negative_ttl),
            resolver: resolver.unwrap_or_else(|| Box::new(System::new(config.max_lookups))),
        }
    }

    /// The addresses that are known without asking: the host is one, or is overridden, by the
    /// request's own options before all, or was asked for lately.
    pub(crate) fn known(
        &self,
        origin: &Origin,
        options: Option<&ConnectOptions>,
    ) -> Option<Vec<SocketAddr>> {
        let (host, port) = (origin.bare_host(), origin.port);
        let own = options.and_then(|options| find(&options.resolve, origin));
        if let Some(addrs) = own.or_else(|| find(&self.overrides, origin)) {
            return Some(addrs.iter().map(|addr| with_default_port(*addr, port)).collect());
        }
        let addrs = match host.parse() {
            Ok(addr) => vec![addr],
            Err(_) => self.names.known(host)?,
        };
        Some(with_port(addrs, port))
    }

    /// Asks the resolver.
    ///
    /// # Cancel safety
    /// Safe: others who wait for the same name go on.
    pub(crate) async fn lookup(&self, origin: &Origin) -> io::Result<Vec<SocketAddr>> {
        let host = origin.bare_host();
        let found = self.names.get_or_ask(host, || self.resolver.resolve(host)).await?;
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(with_port(found, origin.port))
    }

    /// Forgets the addresses of a host, because none of them works.
    pub(crate) fn forget(&self, origin: &Origin) {
        self.names.forget(origin.bare_host());
    }
}

fn with_port(addrs: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    addrs.into_iter().map(|addr| SocketAddr::new(addr, port)).collect()
}

/// What is said of a host: of its port before all.
fn find<'a>(
    overrides: &'a BTreeMap<String, Vec<SocketAddr>>,
    origin: &Origin,
) -> Option<&'a Vec<SocketAddr>> {
    if overrides.is_empty() {
        return None;
    }
    let with_port = format!("{}:{}", origin.host(), origin.port);
    overrides.get(&with_port).or_else(|| overrides.get(origin.bare_host()))
}

fn with_default_port(mut addr: SocketAddr, port: u16) -> SocketAddr {
    if addr.port() == 0 {
        addr.set_port(port);
    }
    addr
}
