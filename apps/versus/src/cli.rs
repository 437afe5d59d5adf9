//! The command line.

use crate::scenario::Mode;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Measures landspout beside other frameworks, on this machine.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells which peers and scenarios there are, and what this machine lacks for them.
    List,
    /// Builds the peers, measures, and writes the results to `results/` as JSON.
    Run(RunOptions),
    /// Makes tables and charts of results.
    Report(ReportOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The few scenarios that say most, three rounds of each: about four minutes.
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Everything, with the curves: about twenty minutes on two cores.
    #[arg(long)]
    pub(crate) full: bool,
    /// Only these peers, by name, separated by commas. Bare hyper is always among them.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) peers: Vec<String>,
    /// Only these scenarios, by name, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) scenarios: Vec<String>,
    /// How often each peer has its turn; 5 unless told, 3 with `--quick`.
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// Seconds of load in each turn; 1 unless told.
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// Takes the programs of Rust as they were built before.
    #[arg(long)]
    pub(crate) no_build: bool,
    /// The core of the servers; the load is on the other one.
    #[arg(long, default_value_t = 0)]
    pub(crate) server_core: usize,
    /// The core of the load.
    #[arg(long, default_value_t = 1)]
    pub(crate) load_core: usize,
    /// Where the results are written; a file of `results/` named for the time unless told.
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

impl RunOptions {
    /// Whether no scenarios were chosen, so that what belongs to none is measured too.
    pub(crate) fn measures_all(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// How much of everything is measured.
    pub(crate) fn mode(&self) -> Mode {
        match (self.quick, self.full) {
            (true, _) => Mode::Quick,
            (_, true) => Mode::Full,
            _ => Mode::Default,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// The results; the latest of `results/` unless told.
    pub(crate) results: Option<PathBuf>,
    /// Writes a page with charts to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Writes the tables to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Replaces what stands between the lines `<!-- versus: begin -->` and `<!-- versus: end -->` of
    /// this file by the tables.
    #[arg(long, value_name = "FILE")]
    pub(crate) into: Option<PathBuf>,
}
