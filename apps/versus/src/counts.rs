//! What one request costs, counted: for each peer that valgrind can run, two at a time.

use crate::callgrind::{Cost, Counted};
use crate::catalogue::Kind;
use crate::program::{Places, Program, find};
use crate::results::Figure;
use crate::run::Run;
use crate::scenario::{Load, Scenario};
use anyhow::{Error, Result};
use std::collections::VecDeque;
use std::sync::{Mutex, mpsc};
use std::thread;

/// A scenario that wrk times can be counted too, unless its answers are so large that nothing but
/// copying would be counted.
fn is_countable(scenario: &Scenario) -> bool {
    scenario.kind == Kind::Http && scenario.name != "file-1m"
}

/// What came of one peer.
type Counts = Vec<(&'static str, Result<Cost, Error>)>;

/// Counts, and adds figures of instructions and allocations.
pub(crate) fn measure(run: &mut Run) -> Result<()> {
    if let Err(error) = find("valgrind").and_then(|_| find("callgrind_control")) {
        run.omit("all peers", "instructions", &error);
        return Ok(());
    }
    let counted = run.ready.iter().filter(|ready| ready.peer.kind == Kind::Http);
    let jobs: VecDeque<_> = counted
        .filter(|ready| ready.peer.is_countable())
        .map(|ready| {
            let scenarios = run.scenarios.iter().copied();
            let scenarios = scenarios.filter(|it| is_countable(it) && it.is_for(ready.peer));
            (ready.peer.name, ready.program.clone(), scenarios.collect::<Vec<_>>())
        })
        .collect();
    run.stage("callgrind", jobs.len());
    for (name, counts) in in_pairs(run, jobs) {
        for (scenario, cost) in counts {
            match cost {
                Ok(cost) => add(run, scenario, name, cost),
                Err(error) => run.omit(name, scenario, &error),
            }
        }
    }
    Ok(())
}

fn add(run: &mut Run, scenario: &str, peer: &str, cost: Cost) {
    let metrics = [("instructions", cost.instructions), ("allocations", cost.allocations)];
    run.results.figures.extend(metrics.map(|(metric, value)| Figure {
        metric: metric.to_owned(),
        subject: scenario.to_owned(),
        peer: peer.to_owned(),
        value,
    }));
}

type Job = (&'static str, Program, Vec<&'static Scenario>);

/// Two threads take one job after the other: counts do not mind company.
fn in_pairs(run: &Run, jobs: VecDeque<Job>) -> Vec<(&'static str, Counts)> {
    let jobs = Mutex::new(jobs);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..2 {
            let (jobs, sender, places) = (&jobs, sender.clone(), &run.places);
            scope.spawn(move || {
                while let Some(job) = next(jobs) {
                    let counts = count(&job, places);
                    let _ = sender.send((job.0, counts));
                }
            });
        }
        drop(sender);
        receiver.iter().inspect(|(name, _)| run.step(name)).collect()
    })
}

fn next(jobs: &Mutex<VecDeque<Job>>) -> Option<Job> {
    jobs.lock().expect("no thread panics with the lock").pop_front()
}

fn count((_, program, scenarios): &Job, places: &Places) -> Counts {
    let mut counted = match Counted::start(program, places, None) {
        Ok(counted) => counted,
        Err(error) => return vec![("instructions", Err(error))],
    };
    let cost = |scenario: &&'static Scenario| match scenario.load {
        Load::Requests { ask, depth } => Some((scenario.name, counted.cost(&ask, depth))),
        _ => None,
    };
    scenarios.iter().filter_map(cost).collect()
}
