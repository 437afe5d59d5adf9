//! Who is compared.

/// A server, a WebSocket server or a client that is compared.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) runs: Runs,
    /// Scenarios that its library has nothing for, or that it is not set up for.
    pub(crate) lacks: &'static [&'static str],
}

/// What of it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    WebSocket,
    Client,
}

/// What it runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runs {
    /// A package of this workspace, and the library whose version is told.
    Rust { package: &'static str, library: &'static str },
    /// A script, and the packages that its environment needs, the compared one first.
    Python { script: &'static str, packages: &'static [&'static str] },
    /// A script, and the npm packages that it needs.
    Node { script: &'static str, packages: &'static [&'static str] },
    /// A program of one file.
    Go { source: &'static str },
    /// A configuration in which `PORT` and `FILES` are replaced.
    Nginx { template: &'static str },
}

impl Peer {
    /// The peer that the others are divided by.
    pub(crate) const FLOOR: &'static str = "hyper";

    /// Whether its instructions can be counted: valgrind runs native programs only, and none whose
    /// runtime switches stacks behind its back as Go's does.
    pub(crate) fn is_countable(&self) -> bool {
        matches!(self.runs, Runs::Rust { .. } | Runs::Nginx { .. })
    }
}

const fn rust(
    name: &'static str,
    kind: Kind,
    package: &'static str,
    library: &'static str,
    lacks: &'static [&'static str],
) -> Peer {
    Peer { name, kind, runs: Runs::Rust { package, library }, lacks }
}

const NO_FILES: &[&str] = &["file-4k", "file-1m", "events"];

pub(crate) const PEERS: &[Peer] = &[
    rust("landspout", Kind::Http, "peer-landspout", "landspout", &[]),
    rust("hyper", Kind::Http, "peer-hyper", "hyper", NO_FILES),
    rust("axum", Kind::Http, "peer-axum", "axum", &[]),
    rust("actix-web", Kind::Http, "peer-actix-web", "actix-web", &[]),
    rust("xitca-web", Kind::Http, "peer-xitca-web", "xitca-web", &["events"]),
    rust("may_minihttp", Kind::Http, "peer-may-minihttp", "may_minihttp", NO_FILES),
    rust("salvo", Kind::Http, "peer-salvo", "salvo", &[]),
    rust("ntex", Kind::Http, "peer-ntex", "ntex", &["events"]),
];
