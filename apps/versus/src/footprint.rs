//! What a peer takes when it does nothing: time to start, memory, memory of idle connections, disk.

use crate::catalogue::{Kind, Runs};
use crate::driver::Driver;
use crate::exchange::Exchange;
use crate::program::{build, done, find};
use crate::results::Figure;
use crate::round::median;
use crate::run::{Ready, Run};
use crate::scenario::PLAINTEXT;
use crate::server::{Server, Start};
use crate::usage;
use anyhow::Result;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Idle connections whose memory is measured.
pub(crate) const IDLE: usize = 5000;

/// How long after the last connection its memory is looked at: some peers give buffers back when a
/// connection has been idle for a moment.
const SETTLE: Duration = Duration::from_millis(700);

/// Starts of which the median is told.
const STARTS: usize = 5;

/// Measures each peer that serves.
pub(crate) fn measure(run: &mut Run) -> Result<()> {
    let own_load = build("versus-load", &run.places)?;
    let serving: Vec<Ready> =
        run.ready.iter().filter(|ready| ready.peer.kind != Kind::Client).cloned().collect();
    run.stage("footprint", serving.len());
    for ready in &serving {
        run.step(ready.peer.name);
        let figures = [
            ("start milliseconds", "start", start_milliseconds(run, ready)),
            ("program bytes", "program", program_bytes(ready)),
        ];
        for (metric, subject, value) in figures {
            note(run, metric, subject, ready, value.map(Some));
        }
        for kind in idle_kinds(ready) {
            let idle = idle(run, ready, kind, &own_load);
            let (start, each) =
                idle.map_or_else(|error| (None, Err(error)), |it| (Some(it.0), Ok(it.1)));
            note(run, "resident bytes", "start", ready, Ok(start.filter(|_| kind != "deflate")));
            note(run, "bytes per idle connection", kind, ready, each.map(Some));
        }
    }
    Ok(())
}

fn note(run: &mut Run, metric: &str, subject: &str, ready: &Ready, value: Result<Option<f64>>) {
    let peer = ready.peer.name;
    match value {
        Ok(Some(value)) if value.is_finite() => {
            let (metric, subject) = (metric.to_owned(), subject.to_owned());
            run.results.figures.push(Figure { metric, subject, peer: peer.to_owned(), value });
        }
        Ok(_) => {}
        Err(error) => run.omit(peer, &format!("{metric} ({subject})"), &error),
    }
}

/// From the start of the process until it takes a connection.
fn start_milliseconds(run: &Run, ready: &Ready) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = start(run, ready)?;
        times.push(server.started_in.as_secs_f64() * 1000.0);
    }
    Ok(median(times).unwrap_or(f64::NAN))
}

fn start(run: &Run, ready: &Ready) -> Result<Server> {
    let core = Some(run.results.settings.server_core);
    Server::start(&ready.program, &run.places, &Start { core, ..Start::default() })
}

/// Without symbols; of scripts there is none to tell.
fn program_bytes(ready: &Ready) -> Result<f64> {
    if !matches!(ready.peer.runs, Runs::Rust { .. } | Runs::Go { .. }) {
        return Ok(f64::NAN);
    }
    let stripped = NamedTempFile::new()?;
    let mut strip = Command::new(find("strip")?);
    done(strip.arg("-o").arg(stripped.path()).arg(&ready.program.command))?;
    Ok(std::fs::metadata(stripped.path())?.len() as f64)
}

fn idle_kinds(ready: &Ready) -> Vec<&'static str> {
    let kinds: &[&str] = match ready.peer.kind {
        Kind::Http => &["http"],
        Kind::WebSocket => &["websocket", "deflate"],
        Kind::Https | Kind::Client => &[],
    };
    kinds.iter().copied().filter(|kind| !ready.peer.lacks.contains(kind)).collect()
}

/// Resident memory before connections, and what each of them adds.
fn idle(run: &Run, ready: &Ready, kind: &str, own_load: &Path) -> Result<(f64, f64)> {
    let server = start(run, ready)?;
    if ready.peer.kind == Kind::Http {
        Exchange::connect(server.port)?.ask(&PLAINTEXT.bytes())?;
    }
    std::thread::sleep(SETTLE);
    let before = usage::resident(server.pid())?;
    let after = with_idle(&server, kind, IDLE, own_load, run.results.settings.load_core)?.1;
    Ok((before as f64, after.saturating_sub(before) as f64 / IDLE as f64))
}

/// Opens so many connections; gives what holds them, and the resident memory then.
pub(crate) fn with_idle(
    server: &Server,
    kind: &str,
    count: usize,
    own_load: &Path,
    core: usize,
) -> Result<(Driver, u64)> {
    let count = count.to_string();
    let arguments = ["idle", "--kind", kind, "--connections", &count];
    let mut driver = Driver::load(own_load, server.port, &arguments, core)?;
    std::thread::sleep(SETTLE);
    let resident = usage::resident(server.pid())?;
    // That all are still open is found out here.
    driver.work()?;
    Ok((driver, resident))
}
