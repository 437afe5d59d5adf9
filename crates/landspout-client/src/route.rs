//! What tells connections apart.

use crate::target::Origin;
use crate::{ClientConfig, ConnectOptions, HttpVersion};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Where a connection leads, and how it is made: two requests may share a connection if, and only
/// if, their routes are equal.
///
/// Nearly all requests leave the options alone, so that comparing two routes is comparing two
/// origins. What the client's settings add is the same for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Of the other fields: the pool looks a route up several times for a request.
    hash: u64,
    pub(crate) origin: Origin,
    pub(crate) options: Option<Arc<ConnectOptions>>,
    /// Whether a connection may turn out to be one that several requests share.
    pub(crate) multiplexes: bool,
}

impl Route {
    pub(crate) fn new(
        origin: &Origin,
        options: &Option<Arc<ConnectOptions>>,
        config: &ClientConfig,
    ) -> Route {
        let version = version(options.as_deref(), config);
        let multiplexes = cfg!(feature = "http2")
            && config.keep_alive
            && match version {
                HttpVersion::Negotiate => origin.secure,
                HttpVersion::Http1 => false,
                HttpVersion::Http2 => true,
            };
        let hash = hash(origin, options);
        Route { hash, origin: origin.clone(), options: options.clone(), multiplexes }
    }

    /// The way of a WebSocket's handshake that would rather be an extended CONNECT (RFC 8441):
    /// where the server chooses the version it is the origin's ordinary way, so that the WebSocket
    /// shares the connection of other requests.
    pub(crate) fn of_handshake(
        origin: &Origin,
        options: &Option<Arc<ConnectOptions>>,
        config: &ClientConfig,
    ) -> Route {
        let wants_http2 = version(options.as_deref(), config) == HttpVersion::Http2;
        if !(wants_http2 && origin.secure) {
            return Route::new(origin, options, config);
        }
        let mut options = options.clone().unwrap_or_default();
        let negotiates = config.http_version == HttpVersion::Negotiate;
        Arc::make_mut(&mut options).http_version = (!negotiates).then_some(HttpVersion::Negotiate);
        let options = (*options != ConnectOptions::default()).then_some(options);
        Route::new(origin, &options, config)
    }

    /// The same way, by a connection that can be upgraded: HTTP/2 has no upgrades but by extended
    /// CONNECT (RFC 9113 §8.6), and a proxy passes none on but in a tunnel (RFC 6455 §4.1).
    pub(crate) fn upgradable(mut self) -> Route {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        options.http_version = Some(HttpVersion::Http1);
        options.tunnel = true;
        self.multiplexes = false;
        self.hash = hash(&self.origin, &self.options);
        self
    }
}

fn hash(origin: &Origin, options: &Option<Arc<ConnectOptions>>) -> u64 {
    options.as_ref().map_or(origin.hash, |options| origin.hash_with(options))
}

impl Hash for Route {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

/// Takes the hash that a [`Route`] brings along.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RouteHasher(u64);

impl Hasher for RouteHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a route is hashed by its own number");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The version that a request may speak.
pub(crate) fn version(options: Option<&ConnectOptions>, config: &ClientConfig) -> HttpVersion {
    options.and_then(|options| options.http_version).unwrap_or(config.http_version)
}
