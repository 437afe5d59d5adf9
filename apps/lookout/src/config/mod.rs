//! `lookout.toml`: what is monitored and how.
//!
//! The file is read into a tree that knows the place of everything in it, and the tree is taken
//! apart by hand instead of through `Deserialize`: serde stops at the first mistake, and here
//! all of them are told at once, each with its line and a caret.

mod endpoints;
mod listen;
mod mistake;
mod section;
mod settings;

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use landspout::server::{Address, Listen};

use crate::endpoint::Endpoint;

pub use mistake::{Mistake, Mistakes};
use section::Report;

/// The sample that `lookout sample` prints and that runs when there is no file.
pub const SAMPLE: &str = include_str!("../../sample.toml");

/// The address in [`SAMPLE`], also the default of `listen`.
const DEFAULT_LISTEN: &str = "127.0.0.1:8888";

/// All settings, checked: what is in here can be acted on.
///
/// ```
/// use std::path::Path;
/// use lookout::config::Config;
///
/// let file = r#"
///     [[endpoint]]
///     id  = "shop"
///     url = "https://shop.example.org/"
/// "#;
/// let config = Config::parse("lookout.toml", file, Path::new("."), &|_| None).unwrap();
/// assert_eq!(config.endpoints[0].every.as_secs(), 30);
///
/// let mistakes = Config::parse("lookout.toml", "[server]\nport = 80", Path::new("."), &|_| None);
/// assert!(mistakes.unwrap_err().to_string().starts_with("lookout.toml:2:1: "));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `[server]`: the page.
    pub server: Server,
    /// `[keep]`: the history.
    pub keep: Keep,
    /// `[limits]`: how much at once.
    pub limits: Limits,
    /// Each `[[endpoint]]`, at least one, in the order of the file, with distinct ids.
    pub endpoints: Vec<Endpoint>,
}

/// `[server]`: the page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Server {
    /// Where the page is served, and how: at least one. Default `127.0.0.1:8888`, which only this
    /// machine can reach. Relative paths of certificates begin at the config file's folder.
    pub listen: Vec<Listen>,
    /// The heading of the page. Default `lookout`.
    pub title: String,
}

/// `[keep]`: where the history is and how far back it goes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Keep {
    /// The database file. Default `lookout.db`; a relative path begins at the config file's
    /// folder, or at the working directory when there is no file.
    pub data: PathBuf,
    /// For how long each single check is kept. Default 7 days, from 1 hour on.
    pub checks: Duration,
    /// For how long states are kept, `None` for ever. Default 400 days, from 1 hour on.
    pub states: Option<Duration>,
}

/// `[limits]`: how much at once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// How many checks run at once. Default 256, from 1 to 10 000. Each holds a socket; when
    /// all places are taken, checks begin late, and rounds that go by meanwhile are skipped.
    pub checks: usize,
}

impl Config {
    /// Reads a file, with secrets from the process' environment.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or with all the mistakes that are in it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let env = |name: &str| std::env::var(name).ok();
        Config::parse(&path.display().to_string(), &text, folder, &env)
            .map_err(ConfigError::Mistakes)
    }

    /// Reads the text of a file called `name`. Relative paths in it begin at `folder`, and
    /// `env` looks up the variables that it names.
    ///
    /// # Errors
    ///
    /// With all the mistakes that are in it; with the first few only when it is not TOML at all.
    pub fn parse(
        name: &str,
        text: &str,
        folder: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, Mistakes> {
        let report = Report::new(text);
        let config = section::parse(text, &report)
            .and_then(|root| endpoints::read(root, &Surroundings { folder, env }));
        match (config, report.into_mistakes()) {
            (Some(config), mistakes) if mistakes.is_empty() => Ok(config),
            (_, mistakes) => Err(Mistakes::new(name, text, mistakes)),
        }
    }

    /// The built-in sample: it monitors the `/health` of the lookout that serves at `listen`.
    ///
    /// # Panics
    ///
    /// Never: the sample is part of the program and tested to be free of mistakes.
    pub fn sample(listen: SocketAddr) -> Config {
        let mut reachable = listen;
        if listen.ip().is_unspecified() {
            reachable.set_ip(match listen {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        let text = SAMPLE.replace(DEFAULT_LISTEN, &reachable.to_string());
        let mut config = Config::parse("the sample", &text, Path::new(""), &|_| None)
            .expect("the built-in sample is free of mistakes");
        config.server.listen = vec![listen_on(listen)];
        config
    }
}

/// A listener in clear text at this address.
pub(crate) fn listen_on(addr: SocketAddr) -> Listen {
    Listen::new(Address::Tcp(addr.to_string()))
}

/// What a file refers to outside of itself.
struct Surroundings<'a> {
    folder: &'a Path,
    env: &'a dyn Fn(&str) -> Option<String>,
}

/// Why a file gave no [`Config`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is not there, may not be read, or is not text.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and is wrong.
    Mistakes(Mistakes),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Unreadable { path, source } => {
                let why = match source.kind() {
                    io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
                    _ => source.to_string(),
                };
                write!(f, "cannot read {}: {why}", path.display())
            }
            ConfigError::Mistakes(mistakes) => mistakes.fmt(f),
        }
    }
}

// The system's error is part of the sentence above, so it is not told again as a source.
impl std::error::Error for ConfigError {}
