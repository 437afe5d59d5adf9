//! The specification of the crate, by behaviour.
#![allow(missing_docs, clippy::unwrap_used)]

mod close_codes;
#[cfg(feature = "deflate")]
mod compression;
mod fragments;
mod frames;
mod handshakes;
mod limits;
#[cfg(feature = "deflate")]
mod negotiation;
mod openings;
mod origins;
mod peer;
mod random_bytes;
mod round_trips;
mod splits;
mod text;
