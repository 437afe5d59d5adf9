//! What the client promises.
#![allow(missing_docs, clippy::unwrap_used)]

mod broken;
mod compressed;
mod config;
mod connections;
mod crowd;
#[cfg(feature = "sse")]
mod event_sources;
mod gateway;
#[cfg(feature = "http2")]
mod h2_server;
#[cfg(feature = "http2")]
mod http2;
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
mod runtimes;
mod script;
mod timeouts;
mod timings;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod trust;
mod upgrades;
#[cfg(feature = "websocket")]
mod websockets;
