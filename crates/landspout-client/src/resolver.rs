//! From host names to addresses: what a program can bring of its own.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

/// Something that knows the addresses of host names; given to a client by
/// [`Client::with_resolver`](crate::Client::with_resolver). Without one the system is asked.
///
/// What it answers is kept for as long as it says, or for
/// [`dns_ttl`](crate::ClientConfig#structfield.dns_ttl); a name is asked for once at a time, however
/// many requests want it.
///
/// ```
/// use landspout_client::{Client, ClientConfig, Resolved, Resolver};
/// use std::net::{IpAddr, Ipv4Addr};
/// use std::pin::Pin;
///
/// /// Everybody lives here.
/// #[derive(Debug)]
/// struct Here;
///
/// impl Resolver for Here {
///     fn resolve<'a>(
///         &'a self,
///         _: &'a str,
///     ) -> Pin<Box<dyn Future<Output = std::io::Result<Resolved>> + Send + 'a>> {
///         Box::pin(async { Ok(Resolved::new([IpAddr::V4(Ipv4Addr::LOCALHOST)])) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = Client::with_resolver(ClientConfig::default(), Here);
/// // The name has an address, though nobody listens there.
/// let error = client.get("http://far-away.test:1/").send().await.unwrap_err();
/// assert!(error.is_connect() && !error.is_dns());
/// # });
/// ```
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of a host, the best one first.
    ///
    /// # Errors
    /// The name does not resolve, or could not be asked for. It is passed on as the cause of the
    /// request's failure.
    ///
    /// # Cancel safety
    /// The future may be dropped when nobody waits for it any more.
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Resolved>> + Send + 'a>>;
}

/// The addresses of a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The addresses, the best one first. None is an answer too: the request fails.
    pub addrs: Vec<IpAddr>,
    /// For how long that is so; `None` leaves it to the client.
    pub ttl: Option<Duration>,
}

impl Resolved {
    /// Addresses for as long as the client keeps them.
    pub fn new(addrs: impl IntoIterator<Item = IpAddr>) -> Resolved {
        Resolved { addrs: addrs.into_iter().collect(), ttl: None }
    }

    /// Sets [`ttl`](Self#structfield.ttl).
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Resolved {
        self.ttl = Some(ttl);
        self
    }
}
