//! In what they are compared.

use crate::catalogue::{Kind, Peer};
use crate::exchange::Ask;

/// One kind of work, and the load that asks for it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) load: Load,
    /// Whether `--quick` has it.
    pub(crate) is_quick: bool,
}

/// How the work is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// By wrk: so many connections, each with `depth` requests on their way at once.
    Requests { ask: Ask, depth: usize, connections: usize },
}

impl Scenario {
    /// Whether the peer takes part.
    pub(crate) fn is_for(&self, peer: &Peer) -> bool {
        self.kind == peer.kind && !peer.lacks.contains(&self.name)
    }
}

const fn requests(
    name: &'static str,
    title: &'static str,
    ask: Ask,
    depth: usize,
    is_quick: bool,
) -> Scenario {
    let load = Load::Requests { ask, depth, connections: 64 };
    Scenario { name, title, kind: Kind::Http, load, is_quick }
}

pub(crate) const PLAINTEXT: Ask = Ask::get("/plaintext");
pub(crate) const PARAMS: Ask = Ask::get("/users/4711/posts/42");

pub(crate) const SCENARIOS: &[Scenario] = &[
    requests("plaintext", "GET of 13 bytes of text", PLAINTEXT, 1, true),
    requests("params", "GET with two path parameters, among 50 other routes", PARAMS, 1, true),
    requests("pipelined", "16 GETs of text at once on each connection", PLAINTEXT, 16, true),
    requests("json", "GET of a small object as JSON", Ask::get("/json"), 1, false),
    requests("echo", "POST of 1 KiB, answered with the same", Ask::post("/echo", 1024), 1, false),
    requests("file-4k", "GET of a file of 4 KiB", Ask::get("/static/4k.bin"), 1, false),
    requests("file-1m", "GET of a file of 1 MiB", Ask::get("/static/1m.bin"), 1, false),
];
