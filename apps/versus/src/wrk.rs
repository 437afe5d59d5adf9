//! Load by wrk.

use crate::exchange::Ask;
use crate::program::{find, said};
use crate::round::{Done, Latency};
use crate::server::pinned;
use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::Deserialize;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::NamedTempFile;

/// What wrk is to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrk {
    pub(crate) ask: Ask,
    /// Requests that are on their way at once on each connection.
    pub(crate) depth: usize,
    pub(crate) is_tls: bool,
    /// Whether connections are used again.
    pub(crate) keep_alive: bool,
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    pub(crate) core: usize,
}

/// What the script prints at the end.
#[derive(Debug, Deserialize)]
struct Summary {
    requests: u64,
    microseconds: u64,
    errors: u64,
    p50: f64,
    p99: f64,
}

/// How many times as long it runs if no answer came.
const LONGER: u64 = 8;

const DONE: &str = r#"
function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests":%d,"microseconds":%d,"errors":%d,"p50":%.1f,"p99":%.1f}\n',
      summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
      latency:percentile(50), latency:percentile(99)))
end
"#;

impl Wrk {
    /// One request after the other on each of 64 connections, without TLS.
    pub(crate) fn new(ask: Ask, seconds: u64, core: usize) -> Wrk {
        Wrk { ask, depth: 1, is_tls: false, keep_alive: true, connections: 64, seconds, core }
    }

    /// Runs it against a server on this machine; for longer, once, if no answer came in time. A server
    /// that answers all connections in turns may need some seconds for the first large ones.
    pub(crate) fn run(&self, port: u16) -> Result<Done> {
        let mut done = self.run_once(port)?;
        if done.count == 0 {
            done = Wrk { seconds: self.seconds * LONGER, ..*self }.run_once(port)?;
        }
        ensure!(done.count > 0, "wrk got no answer in {} s", self.seconds * LONGER);
        Ok(done)
    }

    fn run_once(&self, port: u16) -> Result<Done> {
        let script = NamedTempFile::with_suffix(".lua")?;
        std::fs::write(script.path(), self.script())?;
        let scheme = if self.is_tls { "https" } else { "http" };
        let mut command = Command::new(find("wrk")?);
        command.args(["-t", "1", "-c", &self.connections.to_string()]);
        command.args(["-d", &format!("{}s", self.seconds), "--timeout", "10s", "-s"]);
        command.arg(script.path()).arg(format!("{scheme}://127.0.0.1:{port}{}", self.ask.path));
        command.stdin(Stdio::null());
        let before = children_cpu()?;
        let output = pinned(Some(self.core), || command.output())?.context("wrk does not start")?;
        let cpu = children_cpu()?.saturating_sub(before);
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find(|line| line.starts_with('{'));
        let line = line.with_context(|| {
            format!("wrk told nothing: {text}{}", String::from_utf8_lossy(&output.stderr))
        })?;
        let summary: Summary = serde_json::from_str(line)?;
        ensure!(summary.errors == 0, "wrk met {} errors", summary.errors);
        Ok(Done {
            count: summary.requests,
            elapsed: Duration::from_micros(summary.microseconds),
            cpu,
            latency: Some(Latency { p50: summary.p50, p99: summary.p99 }),
        })
    }

    /// A script without a function for each request is not called for each request.
    fn script(&self) -> String {
        let mut script = DONE.to_owned();
        if let Some(size) = self.ask.post {
            script += &format!("wrk.method = 'POST'\nwrk.body = string.rep('x', {size})\n");
        }
        for number in 0..self.ask.headers {
            let line = format!("wrk.headers['X-Header-{number}'] = 'value-of-header-{number}'\n");
            script += &line;
        }
        if !self.keep_alive {
            script += "wrk.headers['Connection'] = 'close'\n";
        }
        if self.depth > 1 {
            script += &format!(
                "local all\n\
                 function init(args) all = string.rep(wrk.format(), {}) end\n\
                 function request() return all end\n",
                self.depth
            );
        }
        script
    }
}

/// Time on a processor of all children that have ended.
pub(crate) fn children_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: nix::sys::time::TimeVal| {
        (time.tv_sec() * 1_000_000 + time.tv_usec()).cast_unsigned()
    };
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

/// Its version.
pub(crate) fn version() -> Option<String> {
    let wrk = find("wrk").ok()?;
    // It prints its version before it complains that there is no URL, and fails.
    let output = Command::new(wrk).arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// The version that a tool tells when it is asked for one.
pub(crate) fn tool_version(tool: &str) -> Option<String> {
    let path = find(tool).ok()?;
    said(Command::new(path).arg("--version")).ok()?.lines().next().map(str::to_owned)
}
