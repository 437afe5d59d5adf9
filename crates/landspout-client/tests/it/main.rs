//! What the client promises.
#![allow(missing_docs, clippy::unwrap_used)]

mod broken;
mod compressed;
mod config;
mod connections;
#[cfg(feature = "sse")]
mod event_sources;
mod gateway;
mod memory;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod readme;
#[cfg(feature = "websocket")]
mod reconnecting;
mod redirects;
mod requests;
mod runtimes;
mod script;
mod timeouts;
mod timings;
#[cfg(feature = "tls")]
mod tls;
mod upgrades;
#[cfg(feature = "websocket")]
mod websockets;
