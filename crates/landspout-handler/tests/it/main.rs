//! What the crate promises, a module for each behaviour.

#![allow(missing_docs, clippy::unwrap_used)]

mod arguments;
mod auto_traits;
mod bodies;
mod compile_errors;
mod connections;
mod cookies;
mod errors;
mod handlers;
mod middleware;
mod origins;
mod readme;
mod request_handlers;
mod responses;
mod state;
mod upgrades;
