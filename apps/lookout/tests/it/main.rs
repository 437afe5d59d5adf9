//! The behaviour of lookout, one module for each part of it.
#![allow(missing_docs, clippy::unwrap_used)]

mod broken_files;
mod command_line;
mod decisions;
mod expectations;
mod good_files;
mod history;
mod restarts;
mod rounds;
mod scratch;
mod unusable_files;
