//! The system's resolver.

use crate::{Resolved, Resolver};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Asks the system (`getaddrinfo`), with a bound on the names that are asked for at once: each one
/// occupies a thread of tokio's blocking pool.
#[derive(Debug)]
pub(super) struct System(Arc<Semaphore>);

impl System {
    pub(super) fn new(max_lookups: usize) -> System {
        System(Arc::new(Semaphore::new(max_lookups.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// The system's resolver cannot be stopped; a lookup that nobody waits for any more still
    /// counts as one until it is done, so that the bound is one on threads.
    async fn lookup(&self, host: &str) -> io::Result<Resolved> {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let host = host.to_owned();
        let lookup = tokio::spawn(async move {
            let found = tokio::net::lookup_host((host, 0)).await;
            drop(permit);
            found.map(|addrs| Resolved::new(addrs.map(|addr| addr.ip())))
        });
        lookup.await.map_err(io::Error::other)?
    }
}

impl Resolver for System {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Resolved>> + Send + 'a>> {
        Box::pin(self.lookup(host))
    }
}
