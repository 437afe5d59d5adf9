//! From an origin to a connection.

use crate::connection::{Connection, Settings};
use crate::error::{Failure, Kind};
use crate::io::Io;
use crate::resolve::{Resolver, in_turns};
use crate::route::{Route, version};
use crate::timings::Stopwatch;
use crate::tls::Tls;
use crate::{ClientConfig, HttpVersion, Phase, TcpConfig};
use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};

/// How long one address may take before the next one is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Makes connections: resolves, connects, negotiates TLS.
#[derive(Debug)]
pub(crate) struct Connector {
    config: ClientConfig,
    resolver: Resolver,
    tls: Tls,
}

impl Connector {
    pub(crate) fn new(config: &ClientConfig) -> Connector {
        Connector {
            resolver: Resolver::new(config.resolve.clone(), config.max_lookups),
            tls: Tls::new(),
            config: config.clone(),
        }
    }

    /// Makes a connection. The stopwatch shows which phase it is in; `tls_limit` is how long
    /// negotiating TLS may take, if it is not zero.
    ///
    /// # Cancel safety
    /// Dropping the future closes all sockets.
    pub(crate) async fn connect(
        &self,
        route: &Route,
        tls_limit: Duration,
        stopwatch: &mut Stopwatch,
    ) -> Result<Connection, Failure> {
        let io = self.reach(route, stopwatch).await?;
        let version = version(route.options.as_deref(), &self.config);
        if !route.origin.secure {
            return self.start(io, version == HttpVersion::Http2).await;
        }
        stopwatch.enter(Phase::Tls);
        let handshake = self.secure(io, route, version);
        let (io, http2) = match tls_limit.is_zero() {
            true => handshake.await?,
            false => {
                timeout(tls_limit, handshake).await.map_err(|_| Failure::timeout(tls_limit))??
            }
        };
        self.start(io, http2).await
    }

    /// A socket to where the route leads.
    async fn reach(&self, route: &Route, stopwatch: &mut Stopwatch) -> Result<Io, Failure> {
        let options = route.options.as_deref();
        if let Some(path) = options.and_then(|options| options.unix_socket.as_deref()) {
            stopwatch.enter(Phase::Connect);
            return connect_unix(path).await.map_err(failed);
        }
        let addrs = match self.resolver.known(&route.origin, options) {
            Some(addrs) => addrs,
            None => {
                stopwatch.enter(Phase::Dns);
                self.resolver.lookup(&route.origin).await.map_err(failed)?
            }
        };
        stopwatch.enter(Phase::Connect);
        let own = options.and_then(|options| options.local_address);
        let from = own.or(self.config.local_address);
        let stream = connect_any(in_turns(addrs), from, &self.config.tcp).await.map_err(failed)?;
        Ok(Io::Tcp(stream))
    }

    /// Negotiates TLS over the way to a route, and tells whether HTTP/2 was agreed on.
    async fn secure(
        &self,
        io: Io,
        route: &Route,
        version: HttpVersion,
    ) -> Result<(Io, bool), Failure> {
        let own = route.options.as_deref().and_then(|options| options.tls.as_ref());
        let config = own.unwrap_or(&self.config.tls);
        let host = route.origin.bare_host();
        let secured = self.tls.connect(config, version, host, io).await;
        secured.map_err(|cause| Failure::new(Kind::Failed, cause))
    }

    async fn start(&self, io: Io, http2: bool) -> Result<Connection, Failure> {
        if http2 && cfg!(not(feature = "http2")) {
            let why = "HTTP/2 needs the feature `http2` of landspout-client";
            return Err(Failure::new(Kind::Invalid, why));
        }
        let settings = Settings {
            http2,
            absolute: false,
            proxy_authorization: None,
            max_header_size: self.config.max_header_size.max(1),
            http2_config: self.config.http2.clone(),
        };
        Connection::start(io, settings).await
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::new(Kind::Failed, error)
}

#[cfg(unix)]
async fn connect_unix(path: &Path) -> io::Result<Io> {
    Ok(Io::Unix(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn connect_unix(_: &Path) -> io::Result<Io> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// Connects to whichever address answers first: each is given a head start before the next one is
/// tried, and one that fails gives its turn away at once (RFC 8305 §5). The error is that of the
/// first address that failed.
async fn connect_any(
    mut addrs: Vec<SocketAddr>,
    from: Option<IpAddr>,
    tcp: &TcpConfig,
) -> io::Result<TcpStream> {
    addrs.retain(|addr| from.is_none_or(|from| from.is_ipv6() == addr.is_ipv6()));
    let mut addrs = addrs.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        if let Some(addr) = addrs.next() {
            attempts.push(connect_one(addr, from, tcp));
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

async fn connect_one(
    addr: SocketAddr,
    from: Option<IpAddr>,
    tcp: &TcpConfig,
) -> io::Result<TcpStream> {
    let socket = if addr.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    set_up(&socket, tcp);
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(addr).await
}

/// A socket that refuses an option still works.
fn set_up(socket: &TcpSocket, tcp: &TcpConfig) {
    let bytes = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let _ = socket.set_nodelay(tcp.nodelay);
    if !tcp.keepalive.is_zero() {
        let keepalive = TcpKeepalive::new().with_time(tcp.keepalive);
        let _ = SockRef::from(socket).set_tcp_keepalive(&keepalive);
    }
    if tcp.send_buffer > 0 {
        let _ = socket.set_send_buffer_size(bytes(tcp.send_buffer));
    }
    if tcp.receive_buffer > 0 {
        let _ = socket.set_recv_buffer_size(bytes(tcp.receive_buffer));
    }
}
