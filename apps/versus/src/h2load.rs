//! Load of HTTP/2 by h2load.

use crate::program::find;
use crate::round::Done;
use crate::server::pinned;
use crate::wrk::children_cpu;
use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Connections, and streams that are open at once on each of them.
const CONNECTIONS: usize = 8;
const STREAMS: usize = 16;

/// Runs it over TLS against a server on this machine.
pub(crate) fn run(port: u16, path: &str, seconds: u64, core: usize) -> Result<Done> {
    let mut command = Command::new(find("h2load")?);
    command.args(["-t", "1", "-c", &CONNECTIONS.to_string(), "-m", &STREAMS.to_string()]);
    command.args(["-D", &seconds.to_string()]).stdin(Stdio::null());
    command.arg(format!("https://127.0.0.1:{port}{path}"));
    let before = children_cpu()?;
    let output = pinned(Some(core), || command.output())?.context("h2load does not start")?;
    let cpu = children_cpu()?.saturating_sub(before);
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(text.contains("Application protocol: h2"), "the server does not speak HTTP/2");
    let count = succeeded(&text).context("h2load told no number of requests")?;
    ensure!(count > 0, "h2load got no answer");
    Ok(Done { count, elapsed: Duration::from_secs(seconds), cpu, latency: None })
}

/// From `status codes: 1234 2xx, 0 3xx, 0 4xx, 0 5xx`, if none is of another kind than the first.
fn succeeded(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("status codes: "))?;
    let mut counts =
        line.split(", ").filter_map(|part| part.split_whitespace().next()?.parse().ok());
    let good = counts.next()?;
    counts.all(|count: u64| count == 0).then_some(good)
}

#[cfg(test)]
mod tests {
    use super::succeeded;

    #[test]
    fn only_good_answers_are_counted() {
        assert_eq!(succeeded("a\nstatus codes: 12 2xx, 0 3xx, 0 4xx, 0 5xx\nb"), Some(12));
        assert_eq!(succeeded("status codes: 12 2xx, 0 3xx, 1 4xx, 0 5xx"), None);
    }
}
