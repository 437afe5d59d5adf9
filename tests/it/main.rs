//! What no single crate can promise: who may import whom, how the house is kept, and how the rooms
//! behave together.

#![allow(missing_docs, clippy::unwrap_used)]

mod crate_graph;
mod http2_websockets;
mod licences;
mod stalls;
mod tidiness;
mod websockets;
mod whole_stack;
mod workspace;
