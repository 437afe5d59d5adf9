//! What HTTP/2 needs beside its parser: how it is recognised, and what its requests share.

mod arrivals;
mod config;
mod departures;
mod head;
mod outgoing;
mod preface;
mod streams;

pub use config::Http2Config;

pub(crate) use arrivals::Watched;
pub(crate) use departures::Departures;
pub(crate) use head::unify;
pub(crate) use outgoing::Outgoing;
pub(crate) use preface::{First, Peek, look};
pub(crate) use streams::{Lane, Streams};
