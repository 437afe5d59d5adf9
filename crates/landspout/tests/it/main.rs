//! What the facade promises, a module for each behaviour.

#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "server")]
mod serving;
