//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, listen_on};

/// The file that is read when none is named, if it is in the working directory.
const DEFAULT_FILE: &str = "lookout.toml";

/// Watch HTTP endpoints: check them, keep their history, show a live page.
///
/// Without a command lookout runs until it is stopped by Ctrl-C or SIGTERM. Its endpoints come
/// from lookout.toml in the working directory; where there is none, it monitors itself as an
/// example.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do instead of running.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run.
    #[command(flatten)]
    pub run: Run,
}

const AFTER_HELP: &str = "\
Begin with:
  lookout sample > lookout.toml    write a file to change
  lookout check                    look it over
  lookout                          run

Exit codes: 0 it went well, 2 it could not; the reason is the last thing printed.";

/// How to run.
#[derive(Debug, Args)]
pub struct Run {
    /// Read this file [default: lookout.toml, if it is there]
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve the page here instead of where the file says [default: 127.0.0.1:8888]
    #[arg(short, long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Keep the history here instead of where the file says [default: lookout.db]
    #[arg(short, long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

/// What to do instead of running.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Look a file over and point at its mistakes, without running anything
    Check {
        /// The file [default: that of --config, else lookout.toml]
        file: Option<PathBuf>,
    },
    /// Print a sample of lookout.toml
    Sample,
}

impl Run {
    /// The settings to run with and the file they came from, `None` for the built-in sample.
    /// What was said on the command line is in them.
    ///
    /// # Errors
    ///
    /// When a named file cannot be read, or the file has mistakes.
    pub fn load(&self) -> Result<(Config, Option<PathBuf>), ConfigError> {
        let found = Path::new(DEFAULT_FILE);
        let file = self.config.as_deref().or(found.exists().then_some(found));
        let mut config = match file {
            Some(file) => Config::load(file)?,
            None => Config::sample(self.listen.unwrap_or(([127, 0, 0, 1], 8888).into())),
        };
        if let Some(listen) = self.listen {
            config.server.listen = vec![listen_on(listen)];
        }
        if let Some(data) = &self.data {
            config.keep.data.clone_from(data);
        }
        Ok((config, file.map(Path::to_owned)))
    }

    /// The file that `lookout check` is to look over when it names none itself.
    pub fn file(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE))
    }
}

/// Looks a file over and says in one sentence what is in it.
///
/// # Errors
///
/// When the file cannot be read or has mistakes.
pub fn check(file: &Path) -> Result<String, ConfigError> {
    let config = Config::load(file)?;
    let endpoints = &config.endpoints;
    let mut groups: Vec<&String> = endpoints.iter().filter_map(|e| e.group.as_ref()).collect();
    groups.sort_unstable();
    groups.dedup();
    let rate: f64 = endpoints.iter().map(|endpoint| 1.0 / endpoint.every.as_secs_f64()).sum();
    Ok(format!(
        "{}: {}, {}, {:.2} checks a second; no mistakes",
        file.display(),
        count(endpoints.len(), "endpoint"),
        count(groups.len(), "group"),
        rate,
    ))
}

/// `1 endpoint`, `2 endpoints`
fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
