//! Rates and processor time: peers in turns, round after round.
//!
//! All peers of a scenario run at the same time, idle but for the one whose turn it is. So what
//! changes on the machine in the course of minutes changes for all of them, and each round of a peer
//! is compared with the floor's same round.

use crate::results::Turns;
use crate::round::Round;
use crate::run::{Ready, Run};
use crate::scenario::{Load, Scenario};
use crate::server::{Server, Start};
use crate::usage;
use crate::verify::verify;
use crate::wrk::Wrk;
use anyhow::Result;

/// Measures each scenario that was chosen.
pub(crate) fn measure(run: &mut Run) -> Result<()> {
    for scenario in run.scenarios.clone() {
        measure_scenario(run, scenario)?;
    }
    Ok(())
}

fn measure_scenario(run: &mut Run, scenario: &'static Scenario) -> Result<()> {
    let mut running = start(run, scenario);
    let rounds = run.results.settings.rounds;
    run.stage(scenario.name, running.len() * rounds);
    let mut turns: Vec<Turns> = running.iter().map(|(name, _)| empty(scenario, name)).collect();
    for _ in 0..rounds {
        // From behind, so that who is taken out does not move the next.
        for at in (0..running.len()).rev() {
            let (name, server) = &running[at];
            let name = *name;
            run.step(name);
            match turn(run, scenario, server) {
                Ok(round) => turns[at].rounds.push(round),
                Err(error) => {
                    run.omit(name, scenario.name, &error);
                    running.remove(at);
                    turns.remove(at);
                }
            }
        }
    }
    run.results.turns.extend(turns);
    Ok(())
}

fn empty(scenario: &Scenario, peer: &str) -> Turns {
    Turns { scenario: scenario.name.to_owned(), peer: peer.to_owned(), rounds: Vec::new() }
}

/// Starts the peers of a scenario, and lets go of those that answer otherwise than they should.
fn start(run: &mut Run, scenario: &Scenario) -> Vec<(&'static str, Server)> {
    let mut running = Vec::new();
    let mut failed = Vec::new();
    for ready in run.ready.iter().filter(|ready| scenario.is_for(ready.peer)) {
        match start_one(run, ready, scenario) {
            Ok(server) => running.push((ready.peer.name, server)),
            Err(error) => failed.push((ready.peer.name, error)),
        }
    }
    for (name, error) in failed {
        run.omit(name, scenario.name, &error);
    }
    running
}

fn start_one(run: &Run, ready: &Ready, scenario: &Scenario) -> Result<Server> {
    let core = Some(run.results.settings.server_core);
    let server = Server::start(&ready.program, &run.places, &Start { core, ..Start::default() })?;
    match scenario.load {
        Load::Requests { ask, .. } => verify(server.port, &ask, &run.places.files)?,
    }
    Ok(server)
}

fn turn(run: &Run, scenario: &Scenario, server: &Server) -> Result<Round> {
    let settings = &run.results.settings;
    let load_average = usage::load_average();
    let before = server.cpu()?;
    let done = match scenario.load {
        Load::Requests { ask, depth, connections } => {
            let (seconds, core) = (settings.seconds, settings.load_core);
            Wrk { ask, depth, connections, seconds, core }.run(server.port)?
        }
    };
    Ok(Round::new(&done, server.cpu()?.saturating_sub(before), load_average))
}
