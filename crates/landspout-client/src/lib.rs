//! An async HTTP client: pool, redirects, timeouts, streaming.

mod call;
mod callback;
mod client;
mod config;
mod connect;
mod connection;
#[cfg_attr(not(feature = "gzip"), path = "no_decompress.rs")]
mod decompress;
mod error;
mod fetch;
mod gateway;
mod lease;
mod memory;
mod network;
mod options;
mod pool;
mod redirect;
mod request;
mod resolve;
mod response;
mod seconds;
mod target;
mod timings;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod transfer;
mod wire;

pub use callback::FetchHandle;
pub use client::Client;
pub use config::{ClientConfig, TlsConfig};
pub use error::FetchError;
pub use options::RequestOptions;
pub use request::RequestBuilder;
pub use response::{ClientResponse, Redirect};
pub use timings::{Phase, Timings};

// What a user of the client meets, so that no other crate need be named: the client is a `Handler`,
// takes a `Request`, and its bodies are `Body`.
pub use landspout_handler::{Body, BodyError, Error, Handler, Request, Response};
