//! System calls of one request, counted by strace.

use crate::catalogue::Kind;
use crate::exchange::Exchange;
use crate::program::find;
use crate::results::Figure;
use crate::run::{Ready, Run};
use crate::scenario::PLAINTEXT;
use crate::server::{Server, Start};
use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

const REQUESTS: usize = 2000;

/// Counts those of each server, plaintext on one connection.
pub(crate) fn measure(run: &mut Run) {
    if let Err(error) = find("strace") {
        return run.omit("all peers", "system calls", &error);
    }
    let servers: Vec<Ready> =
        run.ready.iter().filter(|ready| ready.peer.kind == Kind::Http).cloned().collect();
    run.stage("strace", servers.len());
    for ready in &servers {
        run.step(ready.peer.name);
        match count(run, ready) {
            Ok(value) => run.results.figures.push(Figure {
                metric: "system calls".to_owned(),
                subject: "plaintext".to_owned(),
                peer: ready.peer.name.to_owned(),
                value,
            }),
            Err(error) => run.omit(ready.peer.name, "system calls", &error),
        }
    }
}

fn count(run: &Run, ready: &Ready) -> Result<f64> {
    let core = Some(run.results.settings.server_core);
    let server = Server::start(&ready.program, &run.places, &Start { core, ..Start::default() })?;
    let request = PLAINTEXT.bytes();
    let mut exchange = Exchange::connect(server.port)?;
    exchange.repeat(&request, 1, 100)?;
    let summary = NamedTempFile::new()?;
    let mut strace = Command::new(find("strace")?);
    strace.args(["-c", "-f", "-p", &server.pid().to_string(), "-o"]).arg(summary.path());
    let mut strace = strace.stderr(Stdio::piped()).spawn()?;
    // It says so when it has attached to all threads.
    let mut said = BufReader::new(strace.stderr.take().context("its output was asked for")?);
    let mut line = String::new();
    said.read_line(&mut line)?;
    ensure!(line.contains("attached"), "strace says {line:?}");
    exchange.repeat(&request, 1, REQUESTS)?;
    kill(Pid::from_raw(strace.id().cast_signed()), Signal::SIGINT)?;
    strace.wait()?;
    let calls = total(&std::fs::read_to_string(summary.path())?)?;
    Ok(calls / REQUESTS as f64)
}

/// The number of calls in strace's last line: `100.00 0.012345 2 6004 3 total`.
fn total(summary: &str) -> Result<f64> {
    let line = summary.lines().find(|line| line.trim_end().ends_with("total"));
    let calls = line.and_then(|line| line.split_whitespace().nth(3));
    calls.and_then(|calls| calls.parse().ok()).context("strace told no total")
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_the_fourth_column_of_the_last_line() {
        let summary = "% time     seconds  usecs/call     calls    errors syscall\n\
                       ------ ----------- ----------- --------- --------- ----------------\n\
                       100.00    0.000000           0      6001      2000 total\n";
        assert_eq!(total(summary).unwrap(), 6001.0);
        assert!(total("").is_err());
    }
}
