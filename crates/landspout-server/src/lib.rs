//! Accepts connections and feeds a [`Handler`].
//!
//! HTTP/1.0, HTTP/1.1 and HTTP/2 over TCP and Unix sockets, with TLS or without, on one event loop: a
//! [`Server`] runs on the single-threaded tokio `LocalRuntime` it is awaited on, so handlers need not
//! be `Send`. It is safe by default: each wait has a deadline and each size a limit, all of them fields of [`ServerConfig`]; it stops
//! without losing a request; and an answer reaches its client even while that client still uploads.
//!
//! ```
//! use landspout_server::{DrainReport, Request, Server};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! async fn hello(request: Request) -> String {
//!     format!("hello, {}", request.uri().path())
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())
//! #     .unwrap().block_on(async {
//! let server = Server::bind("127.0.0.1:0")?;
//! let (addr, handle) = (server.local_addr(), server.handle());
//! let serving = tokio::task::spawn_local(server.serve(hello));
//!
//! let mut client = tokio::net::TcpStream::connect(addr).await?;
//! client.write_all(b"GET /you HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
//! assert!(answer.ends_with("hello, /you"));
//!
//! handle.shutdown();
//! assert_eq!(serving.await?.cut, 0);
//! # Ok::<(), std::io::Error>(()) }).unwrap();
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`Server`], [`ServerConfig`] | binding, one server for each loop, limits and deadlines |
//! | [`ServerHandle`], [`DrainReport`] | stopping from anywhere, and what the stop cut off |
//! | [`Refusals`], [`Refusal`] | how often something was refused, and why |
//! | [`Handler`], [`Request`], [`Response`] | of `landspout-handler`, so that a small program needs one crate |
//!
//! # Logs
//! Everything goes through `tracing`. Each answer to a request that could be read is an event of the
//! target `landspout::access` at level INFO, when its body has gone out or was given up (`aborted`).
//! Failures of a handler are at ERROR, a lack of file descriptors and what was refused for want of
//! room at WARN, what clients did wrong at INFO, under the target `landspout::server`. Of each
//! [cause](Refusal) of a refusal five are told of in a second, and then how many more there were.

mod addresses;
mod answer;
mod balance;
mod check;
mod closing;
mod config;
mod connection;
mod connections;
mod deadline;
mod door;
mod drain;
mod exchange;
mod framing;
mod handlings;
#[cfg(all(unix, feature = "handover"))]
mod handover;
mod hosts;
#[cfg_attr(
    not(feature = "http2"),
    allow(
        dead_code,
        unused_imports,
        reason = "a request knows of shares without their parser, too"
    )
)]
mod http2;
mod https_redirect;
mod inherited;
mod kept;
mod layout;
mod link;
mod listen;
mod listener;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod opening;
mod parking;
mod proxied;
mod refusals;
mod refuse;
mod request_body;
mod response_body;
mod seconds;
mod sendable;
mod server;
mod socket_file;
mod stream;
mod tally;
#[cfg(feature = "tls")]
mod tls;
mod upgraded;
mod writing;

pub use balance::Accept;
pub use config::ServerConfig;
pub use drain::{DrainReport, ServerHandle};
#[cfg(all(unix, feature = "handover"))]
pub use handover::{Successor, tell_predecessor};
pub use http2::Http2Config;
pub use https_redirect::HttpsRedirect;
pub use landspout_handler::{Body, Error, Handler, Request, Response};
pub use listen::{Address, Listen, ToListen};
pub use listener::Listener;
pub use log::{LogConfig, LogFormat};
#[cfg(feature = "metrics")]
pub use metrics::{Metrics, Samples};
pub use proxied::{ParseTrustedProxyError, ProxyConfig, ProxyHeaders, TrustedProxy};
pub use refusals::{Refusal, Refusals};
pub use server::Server;
#[cfg(feature = "tls")]
pub use tls::{CertificateFiles, ClientAuth, Tls, TlsConfig, TlsError, TlsVersion};

/// Compiles the program of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
