//! Deadlines without timers: a connection notes when a wait began, and one tick of its loop looks
//! at all of them.
//!
//! A request sets a few cells and no timer. Ten times a second the loop's ticker compares, for each
//! connection, the tick at which its wait began with the limit of that wait, and wakes only those
//! that are over it.

use crate::ServerConfig;
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

/// The time between two looks: often enough that no limit of seconds is noticeably overrun, and
/// seldom enough that 10 000 connections cost a loop about a thousandth of its time.
pub(crate) const TICK: Duration = Duration::from_millis(100);

const TICKS_PER_SECOND: u64 = 10;

/// How long a connection that the server has finished with may be silent before it is closed: what
/// its client had sent already is there by then.
const SILENCE: Duration = Duration::from_secs(2);

/// The loop's time in ticks, read without asking the system.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    now: Cell<u32>,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock { started: Instant::now(), now: Cell::new(0) }
    }

    /// Asks the system what time it is.
    pub(crate) fn update(&self) {
        let ticks = self.started.elapsed().as_millis() / TICK.as_millis();
        // 2^32 ticks are thirteen years; after them nothing expires any more.
        self.now.set(u32::try_from(ticks).unwrap_or(u32::MAX));
    }

    pub(crate) fn now(&self) -> u32 {
        self.now.get()
    }

    /// The loop's time in seconds.
    pub(crate) fn second(&self) -> u32 {
        self.now.get() / TICKS_PER_SECOND as u32
    }
}

/// The limits of the config, times in ticks. `None` is no limit.
#[derive(Debug)]
pub(crate) struct Limits {
    first_byte: Option<u32>,
    idle: Option<u32>,
    header: Option<u32>,
    body: Option<u32>,
    body_total: Option<u32>,
    body_rate: Rate,
    write: Option<u32>,
    write_rate: Rate,
    linger: Option<u32>,
    silence: Option<u32>,
    pub(crate) handler: Option<u32>,
    pub(crate) age: Option<u32>,
    /// Requests that are answered at a time.
    pub(crate) in_flight: usize,
}

impl Limits {
    pub(crate) fn of(config: &ServerConfig) -> Limits {
        Limits {
            first_byte: ticks(config.first_byte_timeout),
            idle: ticks(config.idle_timeout),
            header: ticks(config.header_timeout),
            body: ticks(config.body_timeout),
            body_total: ticks(config.body_total_timeout),
            body_rate: Rate::new(config.body_rate, config.rate_grace),
            write: ticks(config.write_timeout),
            write_rate: Rate::new(config.write_rate, config.rate_grace),
            linger: ticks(config.linger_timeout),
            silence: ticks(SILENCE),
            handler: ticks(config.handler_timeout),
            age: ticks(config.connection_age),
            in_flight: match config.max_requests {
                0 => config.max_connections,
                most => most,
            },
        }
    }
}

/// Rounded up, and one more because a wait begins somewhere within its first tick.
fn ticks(limit: Duration) -> Option<u32> {
    let ticks = limit.as_millis().div_ceil(TICK.as_millis()) + 1;
    (!limit.is_zero()).then(|| u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The least number of bytes that a client moves in the time that it is waited for.
#[derive(Debug, Clone, Copy)]
struct Rate {
    bytes_per_second: u64,
    /// Ticks.
    grace: u32,
}

impl Rate {
    fn new(bytes_per_second: u32, grace: Duration) -> Rate {
        let grace = ticks(grace).unwrap_or(1);
        Rate { bytes_per_second: bytes_per_second.into(), grace }
    }

    /// Whether fewer bytes were moved in so many ticks.
    fn is_missed(self, moved: u64, waited: u32) -> bool {
        let wanted = self.bytes_per_second * u64::from(waited) / TICKS_PER_SECOND;
        waited >= self.grace && moved < wanted
    }
}

/// What a connection is waiting for its client to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first byte of all.
    First,
    /// The first byte of a further request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// Nothing: a request is being answered.
    Answering,
    /// More of the body of the request that is being answered.
    Body,
    /// The end, after the last answer.
    Lingering,
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expired {
    /// A connection without a request.
    Idle,
    /// A head that has begun.
    Head,
    /// A body that is being read.
    Body,
    /// Bytes that the client does not take.
    Write,
    /// The wait for the client's end.
    Linger,
}

/// The waits of one connection.
#[derive(Debug)]
pub(crate) struct Waits {
    phase: Cell<Phase>,
    /// The tick at which the phase began.
    since: Cell<u32>,
    /// The tick at which bytes came last while lingering.
    heard: Cell<u32>,
    /// What the client sent of the current request's body, and took of the answer.
    moved: Moved,
    /// The tick since which the client has taken nothing of what waits for it.
    blocked: Cell<Option<u32>>,
    expired: Cell<Option<Expired>>,
}

/// The bytes that were moved by a client that was waited for, and the ticks that this took in waits
/// that are over.
#[derive(Debug, Default)]
struct Moved {
    received: Cell<u64>,
    receiving: Cell<u32>,
    taken: Cell<u64>,
    taking: Cell<u32>,
    /// The tick at which the client began to let bytes wait.
    full: Cell<u32>,
}

impl Waits {
    pub(crate) fn new(now: u32) -> Waits {
        Waits {
            phase: Cell::new(Phase::First),
            since: Cell::new(now),
            heard: Cell::new(now),
            moved: Moved::default(),
            blocked: Cell::new(None),
            expired: Cell::new(None),
        }
    }

    /// A request is there, and is to be answered.
    pub(crate) fn begin(&self, now: u32) {
        self.enter(Phase::Answering, now);
        self.moved.received.set(0);
        self.moved.receiving.set(0);
        self.moved.taken.set(0);
        self.moved.taking.set(0);
    }

    /// Whether no request has begun.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase.get(), Phase::First | Phase::Idle)
    }

    /// Whether the last answer was given.
    pub(crate) fn is_lingering(&self) -> bool {
        self.phase.get() == Phase::Lingering
    }

    /// Whether bytes wait for the client to take them, here or in the parser.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.get().is_some()
    }

    /// For how many ticks no request has begun.
    pub(crate) fn idle_ticks(&self, now: u32) -> u32 {
        match self.phase.get() {
            Phase::First | Phase::Idle => now.saturating_sub(self.since.get()),
            _ => 0,
        }
    }

    /// Whether nothing came yet.
    pub(crate) fn is_first(&self) -> bool {
        self.phase.get() == Phase::First
    }

    /// Whether a request is being answered.
    pub(crate) fn is_answering(&self) -> bool {
        matches!(self.phase.get(), Phase::Answering | Phase::Body)
    }

    pub(crate) fn enter(&self, phase: Phase, now: u32) {
        self.phase.set(phase);
        self.since.set(now);
        self.heard.set(now);
        self.expired.set(None);
    }

    /// So many bytes came.
    pub(crate) fn received(&self, len: usize, now: u32) {
        match self.phase.get() {
            Phase::First | Phase::Idle => self.enter(Phase::Head, now),
            Phase::Body => {
                let waited = now.saturating_sub(self.since.get());
                self.moved.receiving.set(self.moved.receiving.get() + waited);
                self.moved.received.set(self.moved.received.get() + len as u64);
                self.enter(Phase::Answering, now);
            }
            Phase::Answering => self.moved.received.set(self.moved.received.get() + len as u64),
            Phase::Lingering => self.heard.set(now),
            Phase::Head => {}
        }
    }

    /// Bytes were wanted and there were none. While a request is being answered, nothing but its
    /// body is read.
    pub(crate) fn starved(&self, now: u32) {
        if self.phase.get() == Phase::Answering {
            self.enter(Phase::Body, now);
        }
    }

    /// The client took `len` bytes just now, and no more of what waits for it.
    pub(crate) fn blocked(&self, len: usize, now: u32) {
        if self.blocked.get().is_none() {
            self.moved.full.set(now);
        } else if len == 0 {
            return;
        }
        self.moved.taken.set(self.moved.taken.get() + len as u64);
        self.blocked.set(Some(now));
    }

    /// The client took `len` bytes, which was everything.
    pub(crate) fn unblocked(&self, len: usize, now: u32) {
        if self.blocked.take().is_some() {
            let waited = now.saturating_sub(self.moved.full.get());
            self.moved.taking.set(self.moved.taking.get() + waited);
        }
        self.moved.taken.set(self.moved.taken.get() + len as u64);
    }

    /// The limit that was passed, once [`check`](Waits::check) found one.
    pub(crate) fn expired(&self) -> Option<Expired> {
        self.expired.get()
    }

    /// A limit was passed that is not looked at here.
    pub(crate) fn expire(&self, expired: Expired) {
        self.expired.set(Some(expired));
    }

    /// Compares the waits with their limits; true if one is over and was not before.
    pub(crate) fn check(&self, limits: &Limits, now: u32) -> bool {
        if self.phase.get() == Phase::Idle && self.blocked.get().is_some() {
            // The answer before is still going out: the client is not silent yet, it is reading.
            self.since.set(now);
        }
        let over = |limit: Option<u32>, since: u32| {
            limit.is_some_and(|limit| now.saturating_sub(since) >= limit)
        };
        let (limit, expired) = match self.phase.get() {
            Phase::First => (limits.first_byte, Expired::Idle),
            Phase::Idle => (limits.idle, Expired::Idle),
            Phase::Head => (limits.header, Expired::Head),
            Phase::Answering => (None, Expired::Body),
            Phase::Body => (limits.body, Expired::Body),
            Phase::Lingering => (limits.linger, Expired::Linger),
        };
        let found = match self.blocked.get() {
            Some(since) if over(limits.write, since) || self.takes_slowly(limits, now) => {
                Some(Expired::Write)
            }
            None if expired == Expired::Linger && over(limits.silence, self.heard.get()) => {
                Some(expired)
            }
            _ if self.phase.get() == Phase::Body && self.sends_slowly(limits, now) => {
                Some(Expired::Body)
            }
            _ => over(limit, self.since.get()).then_some(expired),
        };
        let new = found.is_some() && found != self.expired.get();
        if new {
            self.expired.set(found);
        }
        new
    }

    /// Whether all the waits for a body were too long together, or brought too little.
    fn sends_slowly(&self, limits: &Limits, now: u32) -> bool {
        let waited = self.moved.receiving.get() + now.saturating_sub(self.since.get());
        limits.body_total.is_some_and(|limit| waited >= limit)
            || limits.body_rate.is_missed(self.moved.received.get(), waited)
    }

    /// Whether the client took too little of an answer in all the time that it let bytes wait.
    fn takes_slowly(&self, limits: &Limits, now: u32) -> bool {
        let waited = self.moved.taking.get() + now.saturating_sub(self.moved.full.get());
        limits.write_rate.is_missed(self.moved.taken.get(), waited)
    }
}
