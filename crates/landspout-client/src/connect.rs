//! From an origin to a connection.

use crate::connection::Connection;
use crate::error::{Failure, Kind};
use crate::resolve::{Resolver, in_turns};
use crate::target::Origin;
use crate::timings::Stopwatch;
use crate::tls::Tls;
use crate::{ClientConfig, Phase};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// How long one address may take before the next one is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Makes connections: resolves, connects, negotiates TLS.
#[derive(Debug)]
pub(crate) struct Connector {
    resolver: Resolver,
    tls: Tls,
    max_header_size: usize,
}

impl Connector {
    pub(crate) fn new(config: &ClientConfig) -> Connector {
        Connector {
            resolver: Resolver::new(config.resolve.clone(), config.max_lookups),
            tls: Tls::new(config.tls.clone()),
            max_header_size: config.max_header_size.max(1),
        }
    }

    /// Makes a connection. The stopwatch shows which phase it is in.
    ///
    /// # Cancel safety
    /// Dropping the future closes all sockets.
    pub(crate) async fn connect(
        &self,
        origin: &Origin,
        stopwatch: &mut Stopwatch,
    ) -> Result<Connection, Failure> {
        let addrs = match self.resolver.known(origin) {
            Some(addrs) => addrs,
            None => {
                stopwatch.enter(Phase::Dns);
                self.resolver.lookup(origin).await.map_err(failed)?
            }
        };
        stopwatch.enter(Phase::Connect);
        let stream = connect_any(in_turns(addrs)).await.map_err(failed)?;
        // Small requests must not wait for more to send; a socket that cannot be told still works.
        let _ = stream.set_nodelay(true);
        let remote_addr = stream.peer_addr().ok();
        if origin.secure {
            stopwatch.enter(Phase::Tls);
            let stream = self.tls.connect(origin.bare_host(), stream).await;
            let stream = stream.map_err(|cause| Failure::new(Kind::Failed, cause))?;
            Connection::start(stream, remote_addr, self.max_header_size).await
        } else {
            Connection::start(stream, remote_addr, self.max_header_size).await
        }
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::new(Kind::Failed, error)
}

/// Connects to whichever address answers first: each is given a head start before the next one is
/// tried, and one that fails gives its turn away at once (RFC 8305 §5). The error is that of the
/// first address that failed.
async fn connect_any(addrs: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addrs = addrs.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        if let Some(addr) = addrs.next() {
            attempts.push(TcpStream::connect(addr));
        } else if attempts.is_empty() {
            let none = || io::Error::new(io::ErrorKind::NotFound, "there is no address to try");
            return Err(first_error.unwrap_or_else(none));
        }
        let next = Instant::now() + ATTEMPT_DELAY;
        tokio::select! {
            Some(result) = attempts.next() => match result {
                Ok(stream) => return Ok(stream),
                Err(error) => first_error = first_error.or(Some(error)),
            },
            () = sleep_until(next), if addrs.len() > 0 => {}
        }
    }
}
