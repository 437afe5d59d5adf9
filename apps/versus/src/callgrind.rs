//! Instructions and allocations of one request, counted by callgrind.
//!
//! A peer runs under valgrind. It answers some requests to warm up; then the counts are written down
//! twice, after `FEW` and after `MANY` more on one connection. The difference, divided by the
//! difference of the numbers, is one request: start-up and whatever else happens once cancel. Load on
//! the machine changes nothing in it.
//!
//! Instructions are those of the program, not the kernel's. Allocations are calls into the allocator
//! from outside of it, by the names of its functions.

use crate::exchange::{Ask, Exchange};
use crate::program::{Places, Program, done, find};
use crate::server::{Server, Start};
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const WARM_UP: usize = 300;
const FEW: usize = 100;
const MANY: usize = 600;

/// What one request costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// A peer under valgrind.
#[derive(Debug)]
pub(crate) struct Counted {
    server: Server,
    folder: TempDir,
    dumps: usize,
}

impl Counted {
    pub(crate) fn start(
        program: &Program,
        places: &Places,
        fillers: Option<usize>,
    ) -> Result<Counted> {
        let folder = TempDir::new()?;
        let mut out = std::ffi::OsString::from("--callgrind-out-file=");
        out.push(folder.path().join("counts"));
        let under = vec![find("valgrind")?.into(), "--tool=callgrind".into(), out];
        let server = Server::start(program, places, &Start { under, fillers, ..Start::default() })?;
        Ok(Counted { server, folder, dumps: 0 })
    }

    /// What one such request costs, when each follows upon the answer of the one before. With a
    /// depth above one, so many are sent at once.
    pub(crate) fn cost(&mut self, ask: &Ask, depth: usize) -> Result<Cost> {
        let request = ask.bytes();
        let mut exchange = Exchange::connect(self.server.port)?;
        exchange.repeat(&request, depth, WARM_UP.div_ceil(depth))?;
        self.dump()?;
        exchange.repeat(&request, depth, FEW.div_ceil(depth))?;
        let few = self.dump()?;
        exchange.repeat(&request, depth, MANY.div_ceil(depth))?;
        let many = self.dump()?;
        let requests = ((MANY.div_ceil(depth) - FEW.div_ceil(depth)) * depth) as f64;
        Ok(Cost {
            instructions: (many.instructions - few.instructions) / requests,
            allocations: (many.allocations - few.allocations) / requests,
        })
    }

    /// Writes the counts since the last time down, and reads them.
    fn dump(&mut self) -> Result<Cost> {
        let mut control = Command::new(find("callgrind_control")?);
        done(control.arg("--dump").arg(self.server.pid().to_string()))?;
        self.dumps += 1;
        let path = self.folder.path().join(format!("counts.{}", self.dumps));
        read(&path).with_context(|| format!("{} is not what was expected", path.display()))
    }
}

/// Sums up a file of callgrind's.
fn read(path: &Path) -> Result<Cost> {
    Ok(parse(&fs::read_to_string(path)?))
}

/// The format is that of valgrind's manual, "Callgrind Format Specification": a function is named
/// once as `(id) name`, and by `(id)` from then on.
fn parse(text: &str) -> Cost {
    let mut names: HashMap<&str, bool> = HashMap::new();
    let (mut within, mut callee) = (false, false);
    let mut cost = Cost { instructions: 0.0, allocations: 0.0 };
    for line in text.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            within = is_allocator(function, &mut names);
        } else if let Some(function) = line.strip_prefix("cfn=") {
            callee = is_allocator(function, &mut names);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if callee && !within {
                let times = calls.split_whitespace().next().and_then(|times| times.parse().ok());
                cost.allocations += times.unwrap_or(0.0);
            }
        } else if let Some(total) = line.strip_prefix("totals: ") {
            cost.instructions = total.trim().parse().unwrap_or(f64::NAN);
        }
    }
    cost
}

/// Whether a function hands out memory.
fn is_allocator<'a>(function: &'a str, names: &mut HashMap<&'a str, bool>) -> bool {
    let (id, name) = function.split_once(')').unwrap_or((function, ""));
    if name.is_empty() {
        return names.get(id).copied().unwrap_or(false);
    }
    let name = name.trim();
    let hands_out = match name.trim_start_matches('_').strip_prefix("mi_") {
        Some(rest) => rest.contains("alloc"),
        None => {
            let libc = ["malloc", "calloc", "realloc", "memalign", "posix_memalign"];
            libc.contains(&name)
        }
    };
    names.insert(id, hands_out);
    hands_out
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn calls_into_the_allocator_from_outside_are_counted() {
        let cost = parse(
            "fn=(1) main\n0 5\ncfn=(2) mi_malloc\ncalls=3 0\n0 30\ncfn=(3) free\ncalls=9 0\n0 9\n\
             fn=(2)\n0 10\ncfn=(4) _mi_theap_malloc_zero\ncalls=3 0\n0 20\ntotals: 94\n",
        );
        assert_eq!((cost.instructions, cost.allocations), (94.0, 3.0));
    }
}
