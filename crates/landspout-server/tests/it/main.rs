//! The server's behaviour, over real sockets.
#![allow(missing_docs, clippy::unwrap_used)]

mod access_log;
mod answers;
mod attacks;
#[cfg(feature = "tls")]
mod authority;
mod balance;
mod binding;
mod bodies;
mod config;
mod deadlines;
mod disconnects;
mod drain;
mod early_answers;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "http2")]
mod http2_ends;
#[cfg(feature = "http2")]
mod http2_floods;
#[cfg(feature = "http2")]
mod http2_limits;
#[cfg(feature = "http2")]
mod http2_stalls;
#[cfg(all(feature = "http2", feature = "tls"))]
mod http2_tls;
#[cfg(feature = "http2")]
mod http2_tunnels;
#[cfg(feature = "http2")]
mod http2_wire;
mod https_redirects;
#[cfg(unix)]
mod inherited;
mod limits;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod noise;
mod parking;
mod pressure;
mod proxies;
mod refusal_counts;
mod refusals;
mod running_out;
mod strict;
mod text_log;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_crossings;
#[cfg(unix)]
mod unix_sockets;
mod upgrades;
mod wire;
