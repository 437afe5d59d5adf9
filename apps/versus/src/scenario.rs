//! In what they are compared.

use crate::catalogue::{Kind, Peer};
use crate::exchange::Ask;
use serde::{Deserialize, Serialize};

/// One kind of work, and the load that asks for it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) load: Load,
    /// The shortest kind of run that has it.
    pub(crate) mode: Mode,
}

/// How much of everything is measured; each has what is in the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Quick,
    Default,
    Full,
}

/// How the work is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// By wrk, on 64 connections, each with `depth` requests on their way at once.
    Requests { ask: Ask, depth: usize },
    /// The same over TLS; if it is not kept alive, each request has a handshake of its own.
    Tls { ask: Ask, keep_alive: bool },
    /// By h2load over TLS, on 8 connections with 16 streams each.
    Http2 { ask: Ask },
    /// By our own load generator, with these arguments.
    Own(&'static [&'static str]),
    /// By the client that is compared: so many GETs, 64 at a time.
    Fetches,
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
    mode: Mode,
    ask: Ask,
    depth: usize,
) -> Scenario {
    Scenario { name, title, kind: Kind::Http, load: Load::Requests { ask, depth }, mode }
}

const fn https(name: &'static str, title: &'static str, load: Load) -> Scenario {
    Scenario { name, title, kind: Kind::Https, load, mode: Mode::Default }
}

const fn sockets(
    name: &'static str,
    title: &'static str,
    mode: Mode,
    arguments: &'static [&'static str],
) -> Scenario {
    Scenario { name, title, kind: Kind::WebSocket, load: Load::Own(arguments), mode }
}

pub(crate) const PLAINTEXT: Ask = Ask::get("/plaintext");
pub(crate) const PARAMS: Ask = Ask::get("/users/4711/posts/42");

pub(crate) const SCENARIOS: &[Scenario] = &[
    requests("plaintext", "GET of 13 bytes of text", Mode::Quick, PLAINTEXT, 1),
    requests(
        "params",
        "GET with two path parameters, among 50 other routes",
        Mode::Quick,
        PARAMS,
        1,
    ),
    requests("pipelined", "16 GETs of text at once on each connection", Mode::Quick, PLAINTEXT, 16),
    requests("json", "GET of a small object as JSON", Mode::Default, Ask::get("/json"), 1),
    requests(
        "echo",
        "POST of 1 KiB, answered with the same",
        Mode::Default,
        Ask::post("/echo", 1024),
        1,
    ),
    requests("file-4k", "GET of a file of 4 KiB", Mode::Default, Ask::get("/static/4k.bin"), 1),
    requests("file-1m", "GET of a file of 1 MiB", Mode::Default, Ask::get("/static/1m.bin"), 1),
    Scenario {
        name: "events",
        title: "Server-sent events: deliveries of 128 bytes to 1 000 subscribers",
        kind: Kind::Http,
        load: Load::Own(&["events", "--subscribers", "1000"]),
        mode: Mode::Default,
    },
    https(
        "tls",
        "GET of 13 bytes of text over TLS",
        Load::Tls { ask: PLAINTEXT, keep_alive: true },
    ),
    https(
        "tls-handshake",
        "The same, with a connection and a TLS handshake for each GET",
        Load::Tls { ask: PLAINTEXT, keep_alive: false },
    ),
    https("h2", "GET of 13 bytes of text over HTTP/2 and TLS", Load::Http2 { ask: PLAINTEXT }),
    sockets(
        "ws-echo",
        "WebSocket: 128 bytes there and back, on 64 connections",
        Mode::Quick,
        &["echo", "--in-flight", "1"],
    ),
    sockets(
        "ws-echo-16",
        "WebSocket: the same, 16 messages at once on each connection",
        Mode::Default,
        &["echo", "--in-flight", "16"],
    ),
    sockets(
        "ws-echo-16k",
        "WebSocket: 16 KiB there and back, on 64 connections",
        Mode::Default,
        &["echo", "--size", "16384"],
    ),
    sockets(
        "ws-room-1k",
        "WebSocket: deliveries of 128 bytes to a room of 1 000",
        Mode::Default,
        &["room", "--subscribers", "1000"],
    ),
    sockets(
        "ws-room-10k",
        "WebSocket: deliveries of 128 bytes to a room of 10 000",
        Mode::Full,
        &["room", "--subscribers", "10000"],
    ),
    Scenario {
        name: "fetch",
        title: "Clients: GETs of 13 bytes, 64 at a time, of a bare hyper server",
        kind: Kind::Client,
        load: Load::Fetches,
        mode: Mode::Default,
    },
];
