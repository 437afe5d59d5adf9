//! What the facade promises, a module for each behaviour.

#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(all(unix, feature = "tls"))]
mod hangup;
#[cfg(all(unix, feature = "service"))]
mod restarting;
#[cfg(feature = "server")]
mod serving;
