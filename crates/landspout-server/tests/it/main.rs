//! The server's behaviour, over real sockets.
#![allow(missing_docs, clippy::unwrap_used)]

mod answers;
mod wire;
