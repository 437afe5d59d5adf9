//! From a host name to addresses.

use crate::ConnectOptions;
use crate::target::Origin;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The system's resolver, with overrides, and with a bound on the names that are asked for at once.
#[derive(Debug)]
pub(crate) struct Resolver {
    overrides: BTreeMap<String, Vec<SocketAddr>>,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(crate) fn new(
        overrides: BTreeMap<String, Vec<SocketAddr>>,
        max_lookups: usize,
    ) -> Resolver {
        let lookups = max_lookups.clamp(1, Semaphore::MAX_PERMITS);
        Resolver { overrides, lookups: Arc::new(Semaphore::new(lookups)) }
    }

    /// The addresses that are known without asking: the host is one, or is overridden, by the
    /// request's own options before all.
    pub(crate) fn known(
        &self,
        origin: &Origin,
        options: Option<&ConnectOptions>,
    ) -> Option<Vec<SocketAddr>> {
        let own = options.and_then(|options| find(&options.resolve, origin));
        if let Some(addrs) = own.or_else(|| find(&self.overrides, origin)) {
            let port = origin.port;
            return Some(addrs.iter().map(|addr| with_default_port(*addr, port)).collect());
        }
        let addr: IpAddr = origin.bare_host().parse().ok()?;
        Some(vec![SocketAddr::new(addr, origin.port)])
    }

    /// Asks the system.
    ///
    /// # Cancel safety
    /// Safe. The system's resolver cannot be stopped; a lookup that nobody waits for any more still
    /// counts as one until it is done, so that the bound is one on threads.
    pub(crate) async fn lookup(&self, origin: &Origin) -> io::Result<Vec<SocketAddr>> {
        let permit = Arc::clone(&self.lookups).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let (host, port) = (origin.bare_host().to_owned(), origin.port);
        let lookup = tokio::spawn(async move {
            let found = tokio::net::lookup_host((host, port)).await;
            drop(permit);
            found.map(Vec::from_iter)
        });
        let found = lookup.await.map_err(io::Error::other)??;
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(found)
    }
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

/// The order in which to try addresses: families in turn, beginning with that of the first address
/// (RFC 8305 §4).
pub(crate) fn in_turns(addrs: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addrs.first().map(SocketAddr::is_ipv6) else { return addrs };
    let (ours, theirs): (Vec<_>, Vec<_>) =
        addrs.into_iter().partition(|addr| addr.is_ipv6() == first);
    let (mut ours, mut theirs) = (ours.into_iter(), theirs.into_iter());
    let mut ordered = Vec::with_capacity(ours.len() + theirs.len());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return ordered,
            (our, their) => ordered.extend([our, their].into_iter().flatten()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_turns;

    #[test]
    fn families_take_turns_beginning_with_the_first() {
        let addrs = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"];
        let ordered = in_turns(addrs.map(|addr| addr.parse().unwrap()).into());
        let ordered: Vec<_> = ordered.iter().map(ToString::to_string).collect();
        assert_eq!(ordered, ["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert!(in_turns(Vec::new()).is_empty());
    }
}
