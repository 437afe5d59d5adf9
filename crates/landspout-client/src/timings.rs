//! How long each phase of a request took.

use crate::moment::Moment;
use std::time::Duration;

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
    started: Moment,
    phase: Phase,
    reused: bool,
    /// When the phase began.
    entered: Moment,
    /// How long each phase took so far, by its number, in nanoseconds. One that did not happen has
    /// [`NEVER`].
    spent: [u64; PHASES],
}

const PHASES: usize = Phase::Body as usize + 1;

const NEVER: u64 = u64::MAX;

impl Stopwatch {
    /// One that stands: its phases count when it was [started](Stopwatch::start).
    pub(crate) fn new() -> Stopwatch {
        let (started, entered) = (Moment::default(), Moment::default());
        let phase = Phase::Prepare;
        Stopwatch { started, phase, reused: false, entered, spent: [NEVER; PHASES] }
    }

    pub(crate) fn start(&mut self) {
        self.started = Moment::now();
        self.entered = self.started;
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn started(&self) -> Moment {
        self.started
    }

    /// Ends the current phase, and begins another.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.enter_at(phase, Moment::now());
    }

    /// As [`enter`](Stopwatch::enter), for a moment that has passed.
    pub(crate) fn enter_at(&mut self, phase: Phase, now: Moment) {
        let spent = &mut self.spent[self.phase as usize];
        let before = if *spent == NEVER { 0 } else { *spent };
        let more = u64::try_from(now.since(self.entered).as_nanos()).unwrap_or(NEVER);
        *spent = before.saturating_add(more);
        self.phase = phase;
        self.entered = now;
    }

    /// Begins a phase that takes no time to speak of upon the one before: no clock is read.
    pub(crate) fn enter_at_once(&mut self, phase: Phase) {
        self.enter_at(phase, self.entered);
    }

    /// When the phase began.
    pub(crate) fn entered(&self) -> Moment {
        self.entered
    }

    /// Begins to send. A connection that was reused has been ready since preparing began.
    pub(crate) fn enter_send(&mut self) {
        match self.reused {
            true => self.enter_at_once(Phase::Send),
            false => self.enter(Phase::Send),
        }
    }

    /// Forgets the phases of a request that was answered by a redirect, or did not reach anybody.
    pub(crate) fn restart(&mut self) {
        let queued = self.spent[Phase::Queue as usize];
        self.spent = [NEVER; PHASES];
        self.spent[Phase::Queue as usize] = queued;
        self.reused = false;
        self.phase = Phase::Prepare;
        self.entered = Moment::now();
    }

    pub(crate) fn set_reused(&mut self) {
        self.reused = true;
    }

    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// How long the fetch has waited in queues.
    pub(crate) fn queued(&self) -> Duration {
        self.spent(Phase::Queue).unwrap_or_default()
    }

    /// The timings up to now.
    pub(crate) fn read(&self) -> Timings {
        self.read_at(Moment::now())
    }

    /// The timings up to a moment.
    pub(crate) fn read_at(&self, now: Moment) -> Timings {
        let mut copy = *self;
        copy.enter_at(self.phase, now);
        Timings {
            queue: copy.spent(Phase::Queue),
            proxy: copy.spent(Phase::Proxy),
            dns: copy.spent(Phase::Dns),
            connect: copy.spent(Phase::Connect),
            tls: copy.spent(Phase::Tls),
            send: copy.spent(Phase::Send),
            first_byte: copy.spent(Phase::FirstByte),
            body: copy.spent(Phase::Body),
            total: Some(now.since(self.started)),
            reused: self.reused,
        }
    }

    fn spent(&self, phase: Phase) -> Option<Duration> {
        let spent = self.spent[phase as usize];
        (spent != NEVER).then(|| Duration::from_nanos(spent))
    }
}
