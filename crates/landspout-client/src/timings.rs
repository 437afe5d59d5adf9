//! How long each phase of a request took.

use std::time::Duration;
use tokio::time::Instant;

/// How long each phase took. `None`: the phase did not happen, or was not reached.
///
/// After redirects the phases are those of the last request; `total` is everything. The phase in
/// which a fetch failed counts up to the failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Waiting for a place in the pool; all requests together, after redirects.
    pub queue: Option<Duration>,
    /// Reaching the host through a proxy: resolving the proxy's name, connecting to it, and asking it
    /// to connect.
    pub proxy: Option<Duration>,
    /// Asking the resolver. Not for an address, an overridden name, one that was asked for lately, or
    /// a reused connection.
    pub dns: Option<Duration>,
    /// Making the TCP connection.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the ready connection to the last byte of the request that went out before the answer
    /// began.
    pub send: Option<Duration>,
    /// From there to the first byte of the answer: what the server needed, and one round trip.
    pub first_byte: Option<Duration>,
    /// From the first byte of the answer to the last byte of its body, as far as it was read when
    /// this was asked.
    pub body: Option<Duration>,
    /// From the call to the last byte of the body, or to the failure.
    pub total: Option<Duration>,
    /// Whether the request went over a connection that had served another one before.
    pub reused: bool,
}

/// What a fetch is doing.
///
/// ```
/// use landspout_client::Phase;
///
/// assert_eq!(Phase::Connect.to_string(), "connecting");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Reading and checking the request.
    Prepare,
    /// Waiting for a place in the pool.
    Queue,
    /// Reaching the host through a proxy.
    Proxy,
    /// Asking the resolver for the addresses of the host.
    Dns,
    /// Making a TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Writing the request.
    Send,
    /// Waiting for the head of the answer.
    FirstByte,
    /// Reading the body of the answer.
    Body,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::Prepare => "preparing the request",
            Phase::Queue => "waiting for a free connection",
            Phase::Proxy => "connecting through the proxy",
            Phase::Dns => "resolving the host name",
            Phase::Connect => "connecting",
            Phase::Tls => "negotiating TLS",
            Phase::Send => "sending the request",
            Phase::FirstByte => "waiting for the answer",
            Phase::Body => "reading the body",
        })
    }
}

/// Measures the phases of one fetch, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    started: Instant,
    phase: Phase,
    entered: Instant,
    timings: Timings,
}

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        let now = Instant::now();
        Stopwatch { started: now, phase: Phase::Prepare, entered: now, timings: Timings::default() }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Ends the current phase, and begins another.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.enter_at(phase, Instant::now());
    }

    /// As [`enter`](Stopwatch::enter), for a moment that has passed.
    pub(crate) fn enter_at(&mut self, phase: Phase, now: Instant) {
        self.close(now);
        self.phase = phase;
        self.entered = now;
    }

    /// Forgets the phases of a request that was answered by a redirect, or did not reach anybody.
    pub(crate) fn restart(&mut self) {
        let queue = self.timings.queue;
        self.timings = Timings { queue, ..Timings::default() };
        self.phase = Phase::Prepare;
    }

    pub(crate) fn set_reused(&mut self) {
        self.timings.reused = true;
    }

    pub(crate) fn is_reused(&self) -> bool {
        self.timings.reused
    }

    /// How long the fetch has waited in queues.
    pub(crate) fn queued(&self) -> Duration {
        self.timings.queue.unwrap_or_default()
    }

    /// The timings up to now.
    pub(crate) fn read(&self) -> Timings {
        let now = Instant::now();
        let mut copy = *self;
        copy.close(now);
        copy.timings.total = Some(now.saturating_duration_since(self.started));
        copy.timings
    }

    fn close(&mut self, now: Instant) {
        let timings = &mut self.timings;
        let slot = match self.phase {
            Phase::Prepare => return,
            Phase::Queue => &mut timings.queue,
            Phase::Proxy => &mut timings.proxy,
            Phase::Dns => &mut timings.dns,
            Phase::Connect => &mut timings.connect,
            Phase::Tls => &mut timings.tls,
            Phase::Send => &mut timings.send,
            Phase::FirstByte => &mut timings.first_byte,
            Phase::Body => &mut timings.body,
        };
        *slot = Some(slot.unwrap_or_default() + now.saturating_duration_since(self.entered));
    }
}
