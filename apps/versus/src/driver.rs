//! A load generator of ours, or a client that is compared: a process that is told when to begin.
//!
//! It prints `ready` when its connections are open and it has seen the right answers, reads a line,
//! works, and prints what it did as a line of JSON.

use crate::round::Done;
use crate::server::pinned;
use crate::usage;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use tempfile::NamedTempFile;

/// The longest that it may take to be ready, or to be done.
const PATIENCE: Duration = Duration::from_secs(60);

/// The process. It is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    errors: NamedTempFile,
}

#[derive(Debug, Deserialize)]
struct Summary {
    count: u64,
    microseconds: u64,
}

impl Driver {
    /// Starts it on a core, and waits until it is ready.
    pub(crate) fn start(command: &mut Command, core: usize) -> Result<Driver> {
        let errors = NamedTempFile::new()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.reopen()?);
        let mut child = pinned(Some(core), || command.spawn())?.context("it does not start")?;
        let input = child.stdin.take().context("its input was asked for")?;
        let output = child.stdout.take().context("its output was asked for")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let driver = Driver { child, input, lines, errors };
        match driver.line()? {
            line if line == "ready" => Ok(driver),
            line => bail!("it says {line:?} where it should be ready"),
        }
    }

    /// One of our own loads: the arguments follow upon the port.
    pub(crate) fn load(
        program: &Path,
        port: u16,
        arguments: &[&str],
        core: usize,
    ) -> Result<Driver> {
        let mut command = Command::new(program);
        Driver::start(command.args(["--port", &port.to_string()]).args(arguments), core)
    }

    /// Lets it work.
    pub(crate) fn work(&mut self) -> Result<Done> {
        let before = self.cpu()?;
        writeln!(self.input).context("it has ended")?;
        let line = self.line()?;
        let cpu = self.cpu()?.saturating_sub(before);
        let summary: Summary = serde_json::from_str(&line)?;
        let elapsed = Duration::from_micros(summary.microseconds.max(1));
        Ok(Done { count: summary.count.max(1), elapsed, cpu, latency: None })
    }

    fn cpu(&self) -> Result<Duration> {
        usage::cpu(self.child.id())
    }

    fn line(&self) -> Result<String> {
        self.lines.recv_timeout(PATIENCE).map_err(|_| {
            let said = fs::read_to_string(self.errors.path()).unwrap_or_default();
            anyhow::anyhow!("it came to nothing: {}", said.trim())
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
