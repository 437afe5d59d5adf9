//! The behaviour of lookout, one module for each part of it.
#![allow(missing_docs, clippy::unwrap_used)]

mod boards;
mod broken_files;
mod checks;
mod command_line;
mod decisions;
mod drawings;
mod expectations;
mod good_files;
mod history;
mod live_wire;
mod monitoring;
mod open_metrics;
mod pages;
mod program;
mod restarts;
mod rounds;
mod rows;
mod scratch;
mod site;
mod target;
mod unusable_files;
