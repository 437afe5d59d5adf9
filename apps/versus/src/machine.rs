//! Where it was measured.

use crate::program::{Places, said};
use crate::{usage, wrk};
use serde::{Deserialize, Serialize};
use std::fs;
use std::process::Command;

/// The machine, its system, and what was built with what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    pub(crate) wrk: String,
    pub(crate) valgrind: String,
    /// The commit of this repository; with `+` if files were changed since.
    pub(crate) commit: String,
    /// Seconds since 1970, in UTC, when the run began.
    pub(crate) began: u64,
    pub(crate) date: String,
    /// The load average of the last minute before the run.
    pub(crate) load_average: f64,
}

impl Machine {
    pub(crate) fn look(places: &Places) -> Machine {
        let tell = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            said(command.args(arguments).current_dir(&places.home)).unwrap_or_default()
        };
        let changed = !tell("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let mut commit = tell("git", &["rev-parse", "--short", "HEAD"]);
        if changed {
            commit.push('+');
        }
        Machine {
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_gib(),
            kernel: tell("uname", &["-sr"]),
            rustc: tell("rustc", &["--version"]),
            wrk: wrk::version().unwrap_or_else(|| "not installed".to_owned()),
            valgrind: wrk::tool_version("valgrind").unwrap_or_else(|| "not installed".to_owned()),
            commit,
            began: tell("date", &["+%s"]).parse().unwrap_or(0),
            date: tell("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            load_average: usage::load_average(),
        }
    }
}

fn memory_gib() -> f64 {
    let kib = field("/proc/meminfo", "MemTotal");
    kib.trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0 / 1024.0
}

/// The value of the first line with this name.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(key, _)| key.trim() == name);
    found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}
