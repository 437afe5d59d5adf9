//! From a route to a connection.

use crate::connection::{Connection, Settings, tunnel};
use crate::dial::{dial, dial_unix};
use crate::error::{Failure, Kind};
use crate::io::Io;
use crate::proxy::{Destination, Proxies, ProxyServer, Scheme, SocksError, connect_socks};
use crate::resolve::Hosts;
use crate::route::{Route, version};
use crate::target::Origin;
use crate::timings::Stopwatch;
use crate::tls::Tls;
use crate::{ClientConfig, HttpVersion, Phase, Resolver, TlsConfig};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// Makes connections: resolves, connects, goes through proxies, negotiates TLS.
#[derive(Debug)]
pub(crate) struct Connector {
    config: ClientConfig,
    hosts: Hosts,
    proxies: Proxies,
    tls: Tls,
}

impl Connector {
    /// `resolver` takes the place of the system's.
    pub(crate) fn new(config: &ClientConfig, resolver: Option<Box<dyn Resolver>>) -> Connector {
        Connector {
            hosts: Hosts::new(config, resolver),
            proxies: Proxies::new(&config.proxy, environment),
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
        let options = route.options.as_deref();
        let own = options.and_then(|options| options.proxy.as_ref());
        let own = own.map(|config| Proxies::new(config, environment));
        let proxies = own.as_ref().unwrap_or(&self.proxies);
        let has_socket = options.is_some_and(|options| options.unix_socket.is_some());
        let chosen = if has_socket { Ok(None) } else { proxies.choose(&route.origin) };
        let proxy = chosen.map_err(|cause| Failure::new(Kind::Invalid, cause))?;
        let io = match proxy {
            Some(proxy) => {
                stopwatch.enter(Phase::Proxy);
                self.reach_through(proxy, route).await?
            }
            None => self.reach(route, stopwatch).await?,
        };
        let mut settings = self.settings();
        let version = self.version(route);
        if route.origin.secure {
            stopwatch.enter(Phase::Tls);
            let (io, http2) = within(tls_limit, self.secure(io, route, version)).await?;
            settings.http2 = http2;
            return Connection::start(io, settings).await;
        }
        settings.http2 = version == HttpVersion::Http2;
        if settings.http2 && cfg!(not(feature = "http2")) {
            let why = "HTTP/2 needs the feature `http2` of landspout-client";
            return Err(Failure::new(Kind::Invalid, why));
        }
        if let Some(proxy) = proxy.filter(|proxy| passes_on(proxy, route, version)) {
            settings.absolute = true;
            settings.proxy_authorization = proxy.authorization();
        }
        Connection::start(io, settings).await
    }

    /// Whether a proxy is on the way, if only one that cannot be understood.
    pub(crate) fn is_proxied(&self, route: &Route) -> bool {
        let own = route.options.as_deref().is_some_and(|options| options.proxy.is_some());
        own || !matches!(self.proxies.choose(&route.origin), Ok(None))
    }

    fn settings(&self) -> Settings {
        Settings {
            http2: false,
            absolute: false,
            proxy_authorization: None,
            max_header_size: self.config.max_header_size.max(1),
            #[cfg(feature = "http2")]
            http2_config: self.config.http2.clone(),
        }
    }

    fn version(&self, route: &Route) -> HttpVersion {
        version(route.options.as_deref(), &self.config)
    }

    fn local_address(&self, route: &Route) -> Option<IpAddr> {
        let own = route.options.as_deref().and_then(|options| options.local_address);
        own.or(self.config.local_address)
    }

    fn tls_config<'a>(&'a self, route: &'a Route) -> &'a TlsConfig {
        let own = route.options.as_deref().and_then(|options| options.tls.as_ref());
        own.unwrap_or(&self.config.tls)
    }

    /// A socket to where the route leads.
    async fn reach(&self, route: &Route, stopwatch: &mut Stopwatch) -> Result<Io, Failure> {
        let options = route.options.as_deref();
        if let Some(path) = options.and_then(|options| options.unix_socket.as_deref()) {
            stopwatch.enter(Phase::Connect);
            return dial_unix(path).await.map_err(failed);
        }
        let addrs = match self.hosts.known(&route.origin, options) {
            Some(addrs) => addrs,
            None => {
                stopwatch.enter(Phase::Dns);
                self.hosts.lookup(&route.origin).await.map_err(failed)?
            }
        };
        stopwatch.enter(Phase::Connect);
        self.dial(&route.origin, addrs, route).await.map_err(failed)
    }

    async fn dial(&self, origin: &Origin, addrs: Vec<SocketAddr>, route: &Route) -> io::Result<Io> {
        let dialled = dial(addrs, self.local_address(route), &self.config.tcp).await;
        // Perhaps it has moved.
        dialled.inspect_err(|_| self.hosts.forget(origin))
    }

    /// A way to where the route leads, through a proxy.
    async fn reach_through(&self, proxy: &ProxyServer, route: &Route) -> Result<Io, Failure> {
        let addrs = self.addrs(&proxy.origin, route).await.map_err(failed)?;
        let mut io = self.dial(&proxy.origin, addrs, route).await.map_err(failed)?;
        if proxy.origin.secure {
            let config = for_proxy(self.tls_config(route));
            let host = proxy.origin.bare_host();
            let secured = self.tls.connect(&config, HttpVersion::Http1, host, io).await;
            io = secured.map_err(|cause| Failure::new(Kind::Failed, cause))?.0;
        }
        let resolves = match proxy.scheme {
            Scheme::Http if passes_on(proxy, route, self.version(route)) => return Ok(io),
            Scheme::Http => {
                let to = format!("{}:{}", route.origin.host(), route.origin.port);
                let limit = self.config.max_header_size.max(1);
                return tunnel(io, &to, proxy.authorization(), limit).await;
            }
            Scheme::Socks4 { resolves } | Scheme::Socks5 { resolves } => resolves,
        };
        let to = self.destination(proxy, route, resolves).await.map_err(failed)?;
        match connect_socks(&mut io, proxy, &to).await {
            Ok(()) => Ok(io),
            Err(error @ SocksError::Credentials) => Err(Failure::new(Kind::ProxyAuth, error)),
            Err(error) => Err(Failure::new(Kind::Failed, error)),
        }
    }

    /// Where a SOCKS proxy is to connect to: a name only if it `resolves` some.
    async fn destination(
        &self,
        proxy: &ProxyServer,
        route: &Route,
        resolves: bool,
    ) -> io::Result<Destination> {
        let (host, port) = (route.origin.bare_host(), route.origin.port);
        let known = self.hosts.known(&route.origin, route.options.as_deref());
        if resolves && known.is_none() {
            return Ok(Destination::Name(host.to_owned(), port));
        }
        let addrs = match known {
            Some(addrs) => addrs,
            None => self.hosts.lookup(&route.origin).await?,
        };
        let wants_v4 = matches!(proxy.scheme, Scheme::Socks4 { .. });
        let v4 = addrs.iter().find(|addr| addr.is_ipv4());
        let best = v4.filter(|_| wants_v4).or(addrs.first());
        let none = || io::Error::new(io::ErrorKind::NotFound, "there is no address to try");
        best.copied().map(Destination::Addr).ok_or_else(none)
    }

    async fn addrs(&self, origin: &Origin, route: &Route) -> io::Result<Vec<SocketAddr>> {
        match self.hosts.known(origin, route.options.as_deref()) {
            Some(addrs) => Ok(addrs),
            None => self.hosts.lookup(origin).await,
        }
    }

    /// Negotiates TLS over the way to a route, and tells whether HTTP/2 was agreed on.
    async fn secure(
        &self,
        io: Io,
        route: &Route,
        version: HttpVersion,
    ) -> Result<(Io, bool), Failure> {
        let config = self.tls_config(route);
        let secured = self.tls.connect(config, version, route.origin.bare_host(), io).await;
        secured.map_err(|cause| Failure::new(Kind::Failed, cause))
    }
}

/// Whether an HTTP proxy passes single requests on, and makes no tunnel.
fn passes_on(proxy: &ProxyServer, route: &Route, version: HttpVersion) -> bool {
    let wants_tunnel = route.options.as_deref().is_some_and(|options| options.tunnel);
    let can_pass_on = proxy.scheme == Scheme::Http && !route.origin.secure;
    can_pass_on && !wants_tunnel && version != HttpVersion::Http2
}

/// How a proxy is trusted: as servers are, without what is meant for one server.
fn for_proxy(config: &TlsConfig) -> TlsConfig {
    TlsConfig {
        client_certificate: None,
        server_name: None,
        pinned_keys: Vec::new(),
        ..config.clone()
    }
}

async fn within<T>(
    limit: Duration,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if limit.is_zero() {
        return future.await;
    }
    timeout(limit, future).await.map_err(|_| Failure::timeout(limit))?
}

fn failed(error: io::Error) -> Failure {
    Failure::new(Kind::Failed, error)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
