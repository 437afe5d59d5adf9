//! Requests and connections that were refused: counted, and told of in the log.

use http::HeaderValue;
use http::header::RETRY_AFTER;
use landspout_handler::Error;
use std::cell::Cell;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::{debug, info, warn};

/// Why a request or a connection was refused by the server itself, before or instead of a handler's
/// own answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are not a request that has one reading; 400, and the connection ends. Or the frames
    /// of HTTP/2 break its rules or are a flood; GOAWAY. A single request of HTTP/2 that is refused
    /// ends nothing but its stream, because its frames say where it ends.
    BadRequest,
    /// The head of a request took too long; 408.
    HeaderTimeout,
    /// The body of a request took too long; the handler's read failed, which is a 408.
    BodyTimeout,
    /// The request target is too long; 414.
    UriTooLong,
    /// The head of a request has too many bytes or lines; 431.
    HeaderTooLarge,
    /// The body of a request has too many bytes; 413.
    BodyTooLarge,
    /// The client expects something unknown; 417.
    Expectation,
    /// The host is not one that is served here; 421.
    Misdirected,
    /// The method is CONNECT, or longer than any that is known; 501.
    Method,
    /// The handler took too long; 503.
    HandlerTimeout,
    /// Too many requests are being answered; 503.
    InFlight,
    /// A connection of HTTP/2 has too many requests at a time; `RST_STREAM` with `REFUSED_STREAM`.
    TooManyStreams,
    /// Too many connections are open; 503.
    TooManyConnections,
    /// Too many connections are open from the client's address; 503.
    PerAddress,
    /// A new connection sent nothing; it was closed.
    FirstByteTimeout,
    /// The client did not take its answer; the connection was reset, or of HTTP/2 the stream.
    WriteTimeout,
    /// The TLS handshake failed, or the client speaks no TLS; an alert, or 400. A client that leaves
    /// before the end of it was not refused.
    Handshake,
    /// The TLS handshake took too long; the connection was closed.
    HandshakeTimeout,
    /// A connection did not begin with the PROXY protocol, or came from who is not trusted; it was
    /// closed.
    ProxyProtocol,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 19] = [
        Refusal::BadRequest,
        Refusal::HeaderTimeout,
        Refusal::BodyTimeout,
        Refusal::UriTooLong,
        Refusal::HeaderTooLarge,
        Refusal::BodyTooLarge,
        Refusal::Expectation,
        Refusal::Misdirected,
        Refusal::Method,
        Refusal::HandlerTimeout,
        Refusal::InFlight,
        Refusal::TooManyStreams,
        Refusal::TooManyConnections,
        Refusal::PerAddress,
        Refusal::FirstByteTimeout,
        Refusal::WriteTimeout,
        Refusal::Handshake,
        Refusal::HandshakeTimeout,
        Refusal::ProxyProtocol,
    ];

    /// Its name in logs and metrics, such as `header_timeout`.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::BadRequest => "bad_request",
            Refusal::HeaderTimeout => "header_timeout",
            Refusal::BodyTimeout => "body_timeout",
            Refusal::UriTooLong => "uri_too_long",
            Refusal::HeaderTooLarge => "header_too_large",
            Refusal::BodyTooLarge => "body_too_large",
            Refusal::Expectation => "expectation",
            Refusal::Misdirected => "misdirected",
            Refusal::Method => "method",
            Refusal::HandlerTimeout => "handler_timeout",
            Refusal::InFlight => "in_flight",
            Refusal::TooManyStreams => "too_many_streams",
            Refusal::TooManyConnections => "too_many_connections",
            Refusal::PerAddress => "per_address",
            Refusal::FirstByteTimeout => "first_byte_timeout",
            Refusal::WriteTimeout => "write_timeout",
            Refusal::Handshake => "handshake",
            Refusal::HandshakeTimeout => "handshake_timeout",
            Refusal::ProxyProtocol => "proxy_protocol",
        }
    }

    /// The status that a client is told, where there is one to tell.
    fn status(self) -> u16 {
        match self {
            Refusal::HeaderTimeout | Refusal::BodyTimeout => 408,
            Refusal::BodyTooLarge => 413,
            Refusal::UriTooLong => 414,
            Refusal::Expectation => 417,
            Refusal::Misdirected => 421,
            Refusal::HeaderTooLarge => 431,
            Refusal::Method => 501,
            Refusal::HandlerTimeout
            | Refusal::InFlight
            | Refusal::TooManyStreams
            | Refusal::TooManyConnections
            | Refusal::PerAddress => 503,
            Refusal::BadRequest
            | Refusal::FirstByteTimeout
            | Refusal::WriteTimeout
            | Refusal::Handshake
            | Refusal::HandshakeTimeout
            | Refusal::ProxyProtocol => 400,
        }
    }

    /// Whether it tells the operator that the server is at a limit of its own.
    fn is_overload(self) -> bool {
        use Refusal::{HandlerTimeout, InFlight, PerAddress, TooManyConnections};
        matches!(self, HandlerTimeout | InFlight | TooManyConnections | PerAddress)
    }

    /// Whether the client merely did nothing, as browsers do with connections opened ahead of need.
    fn is_silence(self) -> bool {
        self == Refusal::FirstByteTimeout
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request that is refused, and why in words that the client may read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    pub(crate) cause: Refusal,
    pub(crate) why: &'static str,
}

impl Refused {
    pub(crate) fn new(cause: Refusal, why: &'static str) -> Refused {
        Refused { cause, why }
    }

    /// Whether the connection is to end with the answer. Of a request that another server may have
    /// read differently, the end is not certain either.
    pub(crate) fn ends_connection(self) -> bool {
        self.cause == Refusal::BadRequest
    }

    /// The answer.
    pub(crate) fn to_error(self) -> Error {
        let error = Error::new(self.cause.status(), self.why);
        if self.cause.is_overload() {
            return error.with_header(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
        }
        error
    }
}

/// When a client that was refused for want of room may come again: soon, because requests are short.
const RETRY_SECONDS: &str = "5";

/// How often a [`Server`](crate::Server) refused something, by cause; made by
/// [`Server::refusals`](crate::Server::refusals).
///
/// It can be read from any thread while the server runs. Clones are of the same counters.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<[AtomicU64; Refusal::ALL.len()]>);

impl Refusals {
    /// How often that was the cause, since the server was bound.
    pub fn count(&self, cause: Refusal) -> u64 {
        self.0[cause as usize].load(Ordering::Relaxed)
    }

    /// All counts.
    pub fn iter(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        Refusal::ALL.into_iter().map(|cause| (cause, self.count(cause)))
    }

    fn add(&self, cause: Refusal) {
        self.0[cause as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// How many refusals of one cause are told of in a second. An attack is to fill neither the disk
/// nor the time of the loop.
const LINES: u32 = 5;

/// The refusals of one loop, with their lines in the log.
#[derive(Debug)]
pub(crate) struct RefusalLog {
    counts: Refusals,
    /// The second that is being counted in.
    second: Cell<u32>,
    seen: [Cell<u32>; Refusal::ALL.len()],
}

impl RefusalLog {
    pub(crate) fn new(counts: Refusals) -> RefusalLog {
        RefusalLog { counts, second: Cell::new(0), seen: Default::default() }
    }

    /// Counts a refusal, and tells of it unless enough are told of in this second already.
    pub(crate) fn refuse(
        &self,
        cause: Refusal,
        remote: Option<SocketAddr>,
        why: &dyn fmt::Display,
    ) {
        self.counts.add(cause);
        let seen = &self.seen[cause as usize];
        seen.set(seen.get().saturating_add(1));
        if seen.get() > LINES {
            return;
        }
        let remote = remote.map(tracing::field::display);
        if cause.is_overload() {
            warn!(target: "landspout::server", %cause, remote, "refused: {why}");
        } else if cause.is_silence() {
            debug!(target: "landspout::server", %cause, remote, "refused: {why}");
        } else {
            info!(target: "landspout::server", %cause, remote, "refused: {why}");
        }
    }

    /// Says, when a second is over, how many were not told of in it.
    pub(crate) fn tick(&self, second: u32) {
        if self.second.replace(second) == second {
            return;
        }
        for cause in Refusal::ALL {
            let suppressed = self.seen[cause as usize].take().saturating_sub(LINES);
            if suppressed > 0 {
                warn!(target: "landspout::server", %cause, suppressed, "more were refused");
            }
        }
    }
}
