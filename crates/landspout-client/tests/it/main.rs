//! What the client promises.
#![allow(missing_docs, clippy::unwrap_used)]

mod broken;
mod callbacks;
mod compressed;
mod conditional;
mod config;
mod connections;
mod cookies;
mod credentials;
mod crowd;
mod downloads;
#[cfg(feature = "sse")]
mod event_sources;
mod expectations;
mod gateway;
#[cfg(feature = "http2")]
mod h2_server;
#[cfg(feature = "http2")]
mod http2;
#[cfg(all(feature = "http2", feature = "gzip", feature = "cookies", feature = "digest"))]
mod http2_policies;
mod httpbin;
mod memory;
mod misbehaving;
mod nginx;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod peer;
mod proxies;
mod readme;
#[cfg(feature = "websocket")]
mod reconnecting;
mod redirects;
mod requests;
mod resolving;
mod retries;
mod runtimes;
mod script;
mod timeouts;
mod timings;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod trust;
#[cfg(feature = "tls")]
mod trust_redirects;
mod upgrades;
mod uploads;
mod watching;
#[cfg(feature = "websocket")]
mod websockets;
#[cfg(all(feature = "websocket", feature = "http2", feature = "tls"))]
mod websockets_http2;
