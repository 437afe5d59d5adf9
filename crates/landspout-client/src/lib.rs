//! An async HTTP client: pool, redirects, timeouts, streaming.
//!
//! ```
//! use landspout_client::{Client, Request, Response};
//! use std::time::Duration;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # async fn stories(_: Request) -> Response { Response::text(r#"["rain", "shine"]"#) }
//! # let client = Client::over(stories);
//! # /*
//! let client = Client::new();
//! # */
//! let mut response = client
//!     .get("http://localhost/stories")
//!     .query(&[("about", "weather")])
//!     .timeout(Duration::from_secs(5))
//!     .send()
//!     .await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.json::<Vec<String>>().await?, ["rain", "shine"]);
//! assert!(response.timings().total < Some(Duration::from_secs(5)));
//! # Ok(()) }
//! # let builder = &mut tokio::runtime::Builder::new_current_thread();
//! # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
//! ```
//!
//! A request passes these rooms, and its answer passes them back:
//!
//! ```text
//! client, request   what the caller says
//!   -> call         a request that was understood
//!   -> fetch        repeats (retry), answers challenges (auth), follows redirects (redirect)
//!   -> exchange     sends it once, over the network or in memory
//!   -> lease        waits for a place in the pool (pool), by its route
//!   -> connect      resolves (resolve), dials, goes through proxies (proxy), negotiates TLS (tls)
//!   -> connection   HTTP/1.1 or HTTP/2, through hyper, over any I/O (io), which is watched (wire)
//!   <- transfer     the body, under its deadline
//!   <- decompress   and decompressed
//! response          what the caller reads
//! ```
//!
//! Every wait is bounded: [`ClientConfig`] has the limits, and a request can set
//! [its own](RequestOptions). A client over a handler in memory ([`Client::over`]) has neither pool
//! nor connections, and all the rest.
//!
//! | feature | brings |
//! |---|---|
//! | `tls` (default) | https, through rustls |
//! | `http2` (default) | HTTP/2, where a server speaks it |
//! | `gzip` (default) | answers in gzip and deflate |
//! | `sse` | [server-sent events](sse), as a client |
//! | `websocket` | [WebSockets](websocket), as a client |
//! | `brotli`, `zstd` | answers in these |
//! | `cookies` | [`CookieJar`], which knows the public suffixes |
//! | `digest` | [`Credentials::digest`] |

mod callback;
mod client;
mod config;
mod connect_options;
mod error;
mod options;
mod request;
mod response;
mod timings;

mod conditional;
mod download;
mod file_body;
mod multipart;

mod auth;
mod policies;
mod redirect_policy;
mod replay;
mod retry;
mod trace;
mod watch;

mod call;
mod exchange;
mod fetch;
mod gateway;
mod handover;
mod plain_url;
mod redirect;
mod target;

mod lease;
mod network;
mod pool;
mod pool_stats;
mod route;

mod connect;
mod connection;
mod dial;
mod interim;
mod io;
mod proxy;
mod resolve;
mod resolver;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod wire;

#[cfg(feature = "cookies")]
mod cookies;
mod decompress;
#[cfg(feature = "digest")]
mod digest;
mod expect;
mod memory;
mod metrics;
mod moment;
mod random;
mod seconds;
mod transfer;

#[cfg(any(feature = "sse", feature = "websocket"))]
mod backoff;
#[cfg(feature = "sse")]
pub mod sse;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use auth::Credentials;
#[cfg(any(feature = "sse", feature = "websocket"))]
pub use backoff::BackoffConfig;
pub use callback::FetchHandle;
pub use client::Client;
pub use config::{
    ClientCertificate, ClientConfig, Http2Config, HttpVersion, ProxyConfig, TcpConfig, TlsConfig,
    TlsVersion,
};
pub use connect_options::ConnectOptions;
#[cfg(feature = "cookies")]
pub use cookies::{Cookie, CookieJar, LoadError, SameSite};
pub use download::{Download, DownloadError, Downloaded};
pub use error::FetchError;
pub use file_body::FileBody;
pub use metrics::ClientMetrics;
pub use multipart::{Multipart, Part};
pub use options::RequestOptions;
pub use policies::Policies;
pub use pool_stats::PoolStats;
pub use redirect_policy::{RedirectAction, RedirectAttempt, RedirectPolicy};
pub use replay::Replay;
pub use request::RequestBuilder;
pub use resolver::{Resolved, Resolver};
pub use response::{ClientResponse, Redirect};
pub use retry::{Attempt, RetryConfig};
pub use timings::{Phase, Timings};
pub use trace::TraceContext;
pub use watch::{End, Outcome, Watch, Watched, Watcher};

// What a user of the client meets, so that no other crate need be named: the client is a `Handler`,
// takes a `Request`, and its bodies are `Body`.
pub use landspout_handler::{Body, BodyError, Error, Handler, Request, Response};
