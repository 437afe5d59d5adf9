//! Rates and processor time: peers in turns, round after round.
//!
//! All servers of a scenario run at the same time, idle but for the one whose turn it is. So what
//! changes on the machine in the course of minutes changes for all of them, and each round of a peer
//! is compared with the floor's same round.

use crate::catalogue::{Kind, Peer};
use crate::driver::Driver;
use crate::h2load;
use crate::program::{Program, build};
use crate::results::Turns;
use crate::round::Round;
use crate::run::{Ready, Run};
use crate::scenario::{Load, Scenario};
use crate::server::{Server, Start};
use crate::usage;
use crate::verify::{verify, verify_tls};
use crate::wrk::Wrk;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Requests that a client has on their way.
const CONCURRENCY: usize = 64;

/// GETs of a client in one round; fewer of the slow ones, whose rounds would last for seconds.
const FETCHES: usize = 20_000;
const SLOW_FETCHES: usize = 4_000;

/// Measures each scenario that was chosen.
pub(crate) fn measure(run: &mut Run) -> Result<()> {
    let own_load = build("versus-load", &run.places)?;
    for scenario in run.scenarios.clone() {
        let running = start(run, scenario);
        let mut round = Rounds { scenario, own_load: own_load.clone(), running };
        round.measure(run);
        run.save()?;
    }
    Ok(())
}

/// The peers of a scenario.
struct Rounds {
    scenario: &'static Scenario,
    own_load: PathBuf,
    running: Vec<Running>,
}

/// A peer, and the server whose turn it is with it: its own, or the one that a client asks.
struct Running {
    peer: &'static Peer,
    program: Program,
    server: Server,
}

impl Rounds {
    fn measure(&mut self, run: &mut Run) {
        let rounds = run.results.settings.rounds;
        run.stage(self.scenario.name, self.running.len() * rounds);
        let mut turns: Vec<Turns> = self.running.iter().map(|it| self.empty(it.peer)).collect();
        for _ in 0..rounds {
            // From behind, so that who is taken out does not move the next.
            for at in (0..self.running.len()).rev() {
                let name = self.running[at].peer.name;
                run.step(name);
                match self.turn(run, &self.running[at]) {
                    Ok(round) => turns[at].rounds.push(round),
                    Err(error) => {
                        run.omit(name, self.scenario.name, &error);
                        self.running.remove(at);
                        turns.remove(at);
                    }
                }
            }
        }
        run.results.turns.extend(turns);
    }

    fn empty(&self, peer: &Peer) -> Turns {
        let (scenario, peer) = (self.scenario.name.to_owned(), peer.name.to_owned());
        Turns { scenario, peer, rounds: Vec::new() }
    }

    fn turn(&self, run: &Run, running: &Running) -> Result<Round> {
        let settings = &run.results.settings;
        let (port, core) = (running.server.port, settings.load_core);
        let load_average = usage::load_average();
        let mut driver = match self.scenario.load {
            Load::Requests { .. } | Load::Tls { .. } | Load::Http2 { .. } => None,
            Load::Own(arguments) => {
                let seconds = settings.seconds.to_string();
                let arguments = [arguments, &["--seconds", &seconds]].concat();
                Some(Driver::load(&self.own_load, port, &arguments, core)?)
            }
            Load::Fetches => Some(Driver::start(&mut client(running), core)?),
        };
        let before = running.server.cpu()?;
        let done = match (self.scenario.load, &mut driver) {
            (Load::Requests { ask, depth }, _) => {
                Wrk { depth, ..Wrk::new(ask, settings.seconds, core) }.run(port)?
            }
            (Load::Tls { ask, keep_alive }, _) => {
                let wrk = Wrk::new(ask, settings.seconds, core);
                Wrk { keep_alive, is_tls: true, ..wrk }.run(port)?
            }
            (Load::Http2 { ask }, _) => h2load::run(port, ask.path, settings.seconds, core)?,
            (_, Some(driver)) => driver.work()?,
            (_, None) => unreachable!("what is not asked for by wrk has a driver"),
        };
        let server = running.server.cpu()?.saturating_sub(before);
        Ok(match self.scenario.kind {
            Kind::Client => Round::of_client(&done, server, load_average),
            _ => Round::of_server(&done, server, load_average),
        })
    }
}

/// A client is started as `client PORT COUNT CONCURRENCY`.
fn client(running: &Running) -> Command {
    let count = if running.peer.is_interpreted() { SLOW_FETCHES } else { FETCHES };
    let mut command = Command::new(&running.program.command);
    command.args(&running.program.arguments).arg(running.server.port.to_string());
    command.args([count.to_string(), CONCURRENCY.to_string()]);
    command
}

/// Starts the peers of a scenario, and lets go of those that answer otherwise than they should.
fn start(run: &mut Run, scenario: &Scenario) -> Vec<Running> {
    let mut running = Vec::new();
    let mut failed = Vec::new();
    for ready in run.ready.iter().filter(|ready| scenario.is_for(ready.peer)) {
        let (peer, program) = (ready.peer, ready.program.clone());
        match start_one(run, ready, scenario) {
            Ok(server) => running.push(Running { peer, program, server }),
            Err(error) => failed.push((peer.name, error)),
        }
    }
    for (name, error) in failed {
        run.omit(name, scenario.name, &error);
    }
    running
}

fn start_one(run: &Run, ready: &Ready, scenario: &Scenario) -> Result<Server> {
    let program = match ready.peer.kind {
        Kind::Client => {
            let floor = run.ready.iter().find(|ready| ready.peer.name == Peer::FLOOR);
            &floor.context("clients ask bare hyper, which is not there")?.program
        }
        _ => &ready.program,
    };
    let core = Some(run.results.settings.server_core);
    let server = Server::start(program, &run.places, &Start { core, ..Start::default() })?;
    match scenario.load {
        Load::Requests { ask, .. } => verify(server.port, &ask, &run.places.files)?,
        Load::Tls { ask, .. } | Load::Http2 { ask } => verify_tls(server.port, &ask)?,
        // These look at the answers themselves before they are ready.
        Load::Own(_) | Load::Fetches => {}
    }
    Ok(server)
}
