//! What all peers agree on: where to listen, which routes to have, what to answer, the allocator.
//!
//! A peer is a program that is started as `peer PORT`, listens on the loopback interface with one
//! worker thread unless it is told of more, and answers:
//!
//! | request | answer |
//! |---|---|
//! | `GET /plaintext` | 200, [`HELLO`], `text/plain` |
//! | `GET /json` | 200, [`Message`] as JSON, made anew for each request |
//! | `GET /users/{user}/posts/{post}` | 200, [`post_line`] of both parameters as `u32`, `text/plain` |
//! | `POST /echo` | 200, the body of the request |
//! | `GET /static/{file}` | 200, the file of [`Setting::files`] |
//! | `GET /events` | 200, server-sent events: one for each body that is `POST`ed to `/publish` |
//! | `GET /sectionN/page` | 200, [`FILLER`]; the routes that surround the others |
//!
//! A peer may leave out what its library does not have. A peer for WebSockets answers a handshake at
//! `/echo` with an echo of each message, and at `/room` with every message of everybody in the room.

mod fetches;

pub use fetches::{Fetches, Left};

use serde::Serialize;
use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Every peer allocates with this, so that none wins by its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The answer of `/plaintext`.
pub const HELLO: &str = "Hello, World!";

/// The answer of the routes that surround the measured ones.
pub const FILLER: &str = "filler";

/// The answer of `/json`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Message {
    pub message: &'static str,
}

/// The answer of `/json`, to be written anew for each request.
pub const MESSAGE: Message = Message { message: HELLO };

/// The answer of the route with parameters.
pub fn post_line(user: u32, post: u32) -> String {
    format!("user {user}, post {post}")
}

/// Messages that wait for one slow subscriber of a room or of events, where a peer keeps a queue.
pub const QUEUE: usize = 64;

/// How a peer is to be started.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The folder of the static files, whose name is `static`: `VERSUS_FILES`.
    pub files: PathBuf,
    /// How many routes surround the measured ones: `VERSUS_ROUTES`, by default 50.
    pub fillers: usize,
    /// How many threads serve: `VERSUS_LOOPS`, by default 1. Only some peers have a use for more.
    pub loops: usize,
    /// Certificate chain and key, as PEM files, to serve TLS with: `VERSUS_CERT` and `VERSUS_KEY`.
    pub tls: Option<(PathBuf, PathBuf)>,
}

impl Setting {
    /// Reads the setting from the arguments and the environment.
    ///
    /// # Panics
    /// The program was not started as `peer PORT`.
    pub fn read() -> Setting {
        let port = env::args().nth(1).and_then(|port| port.parse().ok());
        let port: u16 = port.expect("a peer is started as `peer PORT`");
        let path = |name| env::var_os(name).map(PathBuf::from);
        let number = |name| env::var(name).ok().and_then(|n| n.parse().ok());
        Setting {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            files: path("VERSUS_FILES").unwrap_or_else(|| PathBuf::from(".")),
            fillers: number("VERSUS_ROUTES").unwrap_or(50),
            loops: number("VERSUS_LOOPS").unwrap_or(1),
            tls: path("VERSUS_CERT").zip(path("VERSUS_KEY")),
        }
    }

    /// The paths to add before the measured routes: the first half, so that a router that looks at
    /// one route after the other meets the measured ones in the middle.
    pub fn fillers_before(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.fillers / 2).map(filler)
    }

    /// The paths to add after the measured routes.
    pub fn fillers_after(&self) -> impl Iterator<Item = String> + use<> {
        (self.fillers / 2..self.fillers).map(filler)
    }
}

fn filler(number: usize) -> String {
    format!("/section{number}/page")
}
