//! The specification of the crate, by behaviour.
#![allow(missing_docs, clippy::unwrap_used)]

mod pair;
mod peer;

mod auto_traits;
mod cancellation;
mod close_codes;
mod closing;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(feature = "serde")]
mod config_files;
mod deadlines;
mod fragments;
mod frames;
mod handshakes;
mod interop;
mod limits;
mod messages;
#[cfg(feature = "deflate")]
mod negotiation;
mod openings;
mod origins;
#[cfg(feature = "deflate")]
mod prepared;
mod queues;
mod random_bytes;
mod round_trips;
mod sessions;
mod splits;
mod splitting;
mod text;
mod threads;
