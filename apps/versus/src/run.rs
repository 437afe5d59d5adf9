//! A run: what takes part, then one measurement after the other.

use crate::catalogue::{Kind, PEERS, Peer};
use crate::cli::RunOptions;
use crate::machine::Machine;
use crate::program::{self, Places, Program, find};
use crate::results::{Omission, Participant, Results, Settings};
use crate::scenario::{Mode, SCENARIOS, Scenario};
use crate::{counts, curves, footprint, syscalls, turns};
use anyhow::{Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::path::PathBuf;
use std::time::Duration;

/// A peer that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) peer: &'static Peer,
    pub(crate) program: Program,
}

/// What all measurements work with.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) places: Places,
    pub(crate) ready: Vec<Ready>,
    pub(crate) scenarios: Vec<&'static Scenario>,
    pub(crate) results: Results,
    output: PathBuf,
    bar: ProgressBar,
}

/// What measures, beside this program; without wrk there is no run, without another one there is less.
const TOOLS: [&str; 8] =
    ["wrk", "h2load", "valgrind", "callgrind_control", "strace", "strip", "openssl", "curl"];

/// Prints what there is.
pub(crate) fn list() -> Result<()> {
    println!("Peers:");
    for peer in PEERS {
        let missing = program::runtime(peer).err();
        let state = missing.map_or_else(|| "available".to_owned(), |error| error.to_string());
        println!("  {:22} {:10} {state}", peer.name, format!("{:?}", peer.kind));
    }
    println!("\nScenarios:");
    for scenario in SCENARIOS {
        let quick = format!("{:?}", scenario.mode);
        println!("  {:22} {:10} {}", scenario.name, quick, scenario.title);
    }
    println!("\nTools:");
    for tool in TOOLS {
        let state = find(tool).map_or("missing", |_| "available");
        println!("  {tool:22} {state}");
    }
    Ok(())
}

/// Measures, and writes the results.
pub(crate) fn run(options: &RunOptions) -> Result<()> {
    ensure!(options.server_core != options.load_core, "server and load need a core each");
    find("wrk")?;
    // Thousands of connections are a file each.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let mut run = Run::prepare(options)?;
    turns::measure(&mut run)?;
    counts::measure(&mut run)?;
    run.save()?;
    if options.measures_all() && options.mode() >= Mode::Default {
        syscalls::measure(&mut run);
        footprint::measure(&mut run)?;
        run.save()?;
    }
    if options.measures_all() && options.mode() == Mode::Full {
        curves::measure(&mut run)?;
    }
    run.bar.finish_and_clear();
    run.save()?;
    println!("{}", run.output.display());
    Ok(())
}

impl Run {
    fn prepare(options: &RunOptions) -> Result<Run> {
        let places = Places::find(!options.no_build)?;
        let scenarios = chosen_scenarios(options)?;
        let results = Results {
            machine: Machine::look(&places),
            settings: settings(options),
            peers: Vec::new(),
            turns: Vec::new(),
            figures: Vec::new(),
            curves: Vec::new(),
            omissions: Vec::new(),
        };
        let name = format!("results/{}.json", results.machine.began);
        let output = options.output.clone().unwrap_or_else(|| places.home.join(name));
        let bar = ProgressBar::new(0);
        let mut run = Run { places, ready: Vec::new(), scenarios, results, output, bar };
        let kinds: Vec<Kind> = run.scenarios.iter().map(|scenario| scenario.kind).collect();
        let chosen: Vec<_> = chosen_peers(options)?
            .into_iter()
            .filter(|peer| kinds.contains(&peer.kind) || peer.name == Peer::FLOOR)
            .collect();
        run.stage("building", chosen.len());
        for peer in chosen {
            run.step(peer.name);
            match program::prepare(peer, &run.places) {
                Ok(program) => {
                    let (name, version) = (peer.name.to_owned(), program.version.clone());
                    run.results.peers.push(Participant { name, version });
                    run.ready.push(Ready { peer, program });
                }
                Err(error) => run.omit(peer.name, "everything", &error),
            }
        }
        run.note_what_is_lacking();
        Ok(run)
    }

    /// Notes which peers have nothing for a scenario.
    fn note_what_is_lacking(&mut self) {
        let reason = "its library has nothing for it, or it is not set up for it here";
        for scenario in self.scenarios.clone() {
            let of_kind = PEERS.iter().filter(|peer| peer.kind == scenario.kind);
            for peer in of_kind.filter(|peer| !scenario.is_for(peer)) {
                if self.ready.iter().any(|ready| ready.peer.name == peer.name) {
                    let (peer, subject) = (peer.name.to_owned(), scenario.name.to_owned());
                    let reason = reason.to_owned();
                    self.results.omissions.push(Omission { peer, subject, reason });
                }
            }
        }
    }

    /// Writes what there is until now, so that a run that is ended early was not for nothing.
    pub(crate) fn save(&self) -> Result<()> {
        self.results.write(&self.output)
    }

    /// Begins a part of so many steps.
    pub(crate) fn stage(&self, name: &str, steps: usize) {
        self.bar.reset();
        self.bar.set_length(steps as u64);
        let template = "{prefix:>12} {bar:30} {pos}/{len} {elapsed} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(name.to_owned());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Says what is being done now, and counts it as one step.
    pub(crate) fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
    }

    /// Notes what was not measured, and why.
    pub(crate) fn omit(&mut self, peer: &str, subject: &str, reason: &anyhow::Error) {
        let reason = format!("{reason:#}");
        self.bar.println(format!("{peer}, {subject}: {reason}"));
        let (peer, subject) = (peer.to_owned(), subject.to_owned());
        self.results.omissions.push(Omission { peer, subject, reason });
    }
}

fn settings(options: &RunOptions) -> Settings {
    Settings {
        mode: options.mode(),
        rounds: options.rounds.unwrap_or(if options.quick { 3 } else { 5 }).max(1),
        seconds: options.seconds.unwrap_or(1).max(1),
        server_core: options.server_core,
        load_core: options.load_core,
    }
}

fn chosen_scenarios(options: &RunOptions) -> Result<Vec<&'static Scenario>> {
    let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    check_names("scenario", &options.scenarios, &names)?;
    let chosen = |scenario: &&Scenario| match &options.scenarios[..] {
        [] => scenario.mode <= options.mode(),
        names => names.iter().any(|name| name == scenario.name),
    };
    Ok(SCENARIOS.iter().filter(chosen).collect())
}

fn chosen_peers(options: &RunOptions) -> Result<Vec<&'static Peer>> {
    let names: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
    check_names("peer", &options.peers, &names)?;
    let chosen = |peer: &&Peer| {
        let is_named =
            options.peers.is_empty() || options.peers.iter().any(|name| name == peer.name);
        is_named || peer.name == Peer::FLOOR || peer.name == peer.kind.floor()
    };
    Ok(PEERS.iter().filter(chosen).collect())
}

fn check_names(what: &str, asked: &[String], known: &[&str]) -> Result<()> {
    match asked.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("there is no {what} {name:?}; there are {}", known.join(", ")),
        None => Ok(()),
    }
}
