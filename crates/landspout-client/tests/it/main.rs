//! What the client promises.
#![allow(missing_docs, clippy::unwrap_used)]

mod requests;
mod script;
