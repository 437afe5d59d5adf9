//! What the command does, against servers in this process.
#![allow(missing_docs, clippy::unwrap_used)]

mod command;
mod fetches;
mod saves;
mod talks;
