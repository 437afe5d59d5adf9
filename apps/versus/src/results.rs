//! What was found, as it is written down.

use crate::machine::Machine;
use crate::round::{Round, median};
use crate::scenario::Mode;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// All of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) settings: Settings,
    pub(crate) peers: Vec<Participant>,
    pub(crate) turns: Vec<Turns>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) curves: Vec<Curve>,
    /// What was left out, and why.
    pub(crate) omissions: Vec<Omission>,
}

/// How it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) server_core: usize,
    pub(crate) load_core: usize,
}

/// A peer that took part.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// All rounds of one peer in one scenario.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Turns {
    pub(crate) scenario: String,
    pub(crate) peer: String,
    pub(crate) rounds: Vec<Round>,
}

impl Turns {
    /// The median of something over the rounds.
    pub(crate) fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of)).unwrap_or(f64::NAN)
    }

    /// The median of the ratios to another peer's same round.
    pub(crate) fn ratio(&self, floor: &Turns, of: impl Fn(&Round) -> f64) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&floor.rounds);
        median(pairs.map(|(own, floor)| of(own) / of(floor)))
    }
}

/// One number about one peer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What it says, such as `instructions`.
    pub(crate) metric: String,
    /// Of what it says so: the name of a scenario, or the kind of a connection.
    pub(crate) subject: String,
    pub(crate) peer: String,
    pub(crate) value: f64,
}

/// How a cost grows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Curve {
    /// With what it grows, such as `routes`.
    pub(crate) along: String,
    /// What grows.
    pub(crate) cost: String,
    pub(crate) peer: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Something that was not measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Omission {
    pub(crate) peer: String,
    pub(crate) subject: String,
    pub(crate) reason: String,
}

impl Results {
    /// Writes them as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(crate) fn read(path: &Path) -> Result<Results> {
        let text = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} has no results", path.display()))
    }

    /// The rounds of a peer in a scenario.
    pub(crate) fn turns(&self, scenario: &str, peer: &str) -> Option<&Turns> {
        self.turns.iter().find(|turns| turns.scenario == scenario && turns.peer == peer)
    }

    /// The figure of a peer.
    pub(crate) fn figure(&self, metric: &str, subject: &str, peer: &str) -> Option<f64> {
        let mut figures = self.figures.iter();
        let found = figures.find(|figure| {
            figure.metric == metric && figure.subject == subject && figure.peer == peer
        });
        found.map(|figure| figure.value)
    }
}

/// The file of a folder that was written last, by its name.
pub(crate) fn latest(folder: &Path) -> Result<PathBuf> {
    let entries =
        fs::read_dir(folder).context("there are no results yet: `versus run` makes them")?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let results = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    results.max().context("there are no results yet: `versus run` makes them")
}
