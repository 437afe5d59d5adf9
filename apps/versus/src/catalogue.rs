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
    /// A server of https, with HTTP/1.1 and HTTP/2.
    Https,
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
    /// A configuration in which what is between `@` is replaced.
    Nginx { template: &'static str },
}

impl Peer {
    /// The server that the others are divided by, and that clients ask.
    pub(crate) const FLOOR: &'static str = "hyper";

    /// The same on landspout's event loop.
    pub(crate) const FLOOR_ON_LOOP: &'static str = "hyper-loop";

    /// Whether its instructions can be counted: valgrind runs native programs only, and none whose
    /// runtime switches stacks behind its back as Go's does.
    pub(crate) fn is_countable(&self) -> bool {
        matches!(self.runs, Runs::Rust { .. } | Runs::Nginx { .. })
    }

    /// Whether it is a script.
    pub(crate) fn is_interpreted(&self) -> bool {
        matches!(self.runs, Runs::Python { .. } | Runs::Node { .. })
    }
}

impl Kind {
    /// The peer that the others of its kind are divided by.
    pub(crate) fn floor(self) -> &'static str {
        match self {
            Kind::Http => Peer::FLOOR,
            Kind::Https => "tls-hyper",
            Kind::WebSocket => "ws-fastwebsockets",
            Kind::Client => "client-hyper",
        }
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

const fn python(
    name: &'static str,
    kind: Kind,
    script: &'static str,
    packages: &'static [&'static str],
) -> Peer {
    Peer { name, kind, runs: Runs::Python { script, packages }, lacks: &[] }
}

const NO_FILES: &[&str] = &["file-4k", "file-1m"];
const NO_FILES_NOR_EVENTS: &[&str] = &["file-4k", "file-1m", "events"];
const NO_DEFLATE: &[&str] = &["deflate"];
const NO_EVENTS: &[&str] = &["events"];

pub(crate) const PEERS: &[Peer] = &[
    rust("landspout", Kind::Http, "peer-landspout", "landspout", &[]),
    rust("hyper", Kind::Http, "peer-hyper", "hyper", NO_FILES_NOR_EVENTS),
    rust("hyper-loop", Kind::Http, "peer-hyper-loop", "hyper", NO_FILES_NOR_EVENTS),
    rust("axum", Kind::Http, "peer-axum", "axum", &[]),
    rust("actix-web", Kind::Http, "peer-actix-web", "actix-web", &[]),
    rust("xitca-web", Kind::Http, "peer-xitca-web", "xitca-web", NO_EVENTS),
    rust("ntex", Kind::Http, "peer-ntex", "ntex", NO_EVENTS),
    rust("salvo", Kind::Http, "peer-salvo", "salvo", &[]),
    rust("may_minihttp", Kind::Http, "peer-may-minihttp", "may_minihttp", NO_FILES_NOR_EVENTS),
    Peer {
        name: "nginx",
        kind: Kind::Http,
        runs: Runs::Nginx { template: "others/nginx.conf" },
        lacks: &["echo", "events"],
    },
    Peer {
        name: "go",
        kind: Kind::Http,
        runs: Runs::Go { source: "others/go_http.go" },
        lacks: &[],
    },
    Peer {
        name: "node",
        kind: Kind::Http,
        runs: Runs::Node { script: "others/node_http.mjs", packages: &[] },
        lacks: NO_FILES,
    },
    python(
        "starlette",
        Kind::Http,
        "others/starlette_http.py",
        &["starlette", "uvicorn", "uvloop", "httptools"],
    ),
    python("tornado", Kind::Http, "others/tornado_http.py", &["tornado"]),
    rust("tls-landspout", Kind::Https, "peer-tls-landspout", "landspout", &[]),
    rust("tls-hyper", Kind::Https, "peer-tls-hyper", "hyper", &[]),
    rust("tls-axum", Kind::Https, "peer-tls-axum", "axum", &[]),
    rust("tls-actix-web", Kind::Https, "peer-tls-actix-web", "actix-web", &[]),
    Peer {
        name: "tls-nginx",
        kind: Kind::Https,
        runs: Runs::Nginx { template: "others/nginx_tls.conf" },
        lacks: &[],
    },
    rust("ws-landspout", Kind::WebSocket, "peer-ws-landspout", "landspout-websocket", &[]),
    rust(
        "ws-fastwebsockets",
        Kind::WebSocket,
        "peer-ws-fastwebsockets",
        "fastwebsockets",
        NO_DEFLATE,
    ),
    rust(
        "ws-tokio-websockets",
        Kind::WebSocket,
        "peer-ws-tokio-websockets",
        "tokio-websockets",
        NO_DEFLATE,
    ),
    rust("ws-axum", Kind::WebSocket, "peer-ws-axum", "tokio-tungstenite", NO_DEFLATE),
    rust("ws-actix", Kind::WebSocket, "peer-ws-actix", "actix-ws", NO_DEFLATE),
    Peer {
        name: "ws-npm",
        kind: Kind::WebSocket,
        runs: Runs::Node { script: "others/npm_ws.mjs", packages: &["ws"] },
        lacks: &[],
    },
    python("ws-tornado", Kind::WebSocket, "others/tornado_websocket.py", &["tornado"]),
    rust("client-landspout", Kind::Client, "client-landspout", "landspout-client", &[]),
    rust("client-hyper", Kind::Client, "client-hyper", "hyper", &[]),
    rust("client-hyper-util", Kind::Client, "client-hyper-util", "hyper-util", &[]),
    rust("client-reqwest", Kind::Client, "client-reqwest", "reqwest", &[]),
    python("client-aiohttp", Kind::Client, "others/aiohttp_client.py", &["aiohttp"]),
    python("client-tornado", Kind::Client, "others/tornado_client.py", &["tornado", "pycurl"]),
];
