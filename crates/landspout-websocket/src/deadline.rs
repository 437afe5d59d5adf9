//! When to ping, and when to give up: told the time, it tells what is due.

use crate::config::Config;
use std::time::{Duration, Instant};

/// Something whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send a ping.
    Ping,
    /// Nothing came after the ping.
    Pong,
    /// No message came or went.
    Idle,
    /// The other side does not read.
    Write,
    /// The other side does not close.
    Close,
}

/// No deadline.
const NEVER: u32 = u32::MAX;

/// How long a connection counts from one beginning: less than two weeks, so that no sum overflows.
const COUNTED: u32 = 1 << 30;

/// The deadlines of a connection, in milliseconds since it began, which take a quarter of the
/// memory that as many instants would.
///
/// What happens often, bytes that come and messages, only sets a flag; the clock is read when
/// one of the deadlines passes, or when writing stalls.
#[derive(Debug)]
pub(crate) struct Deadlines {
    limits: Limits,
    /// When it began, or a later time from which it counts.
    began: Instant,
    look: u32,
    pong: u32,
    idle: u32,
    write: u32,
    close: u32,
    /// The first of them.
    next: u32,
    /// The one that the timer was set for, while it is.
    armed: u32,
    heard: bool,
    active: bool,
}

/// The durations of the config in milliseconds, in less memory; zero means never.
#[derive(Clone, Copy, Debug)]
struct Limits {
    ping: u32,
    pong: u32,
    idle: u32,
    write: u32,
    close: u32,
}

/// At least one millisecond, unless it is zero; at most 24 days.
fn millis(duration: Duration) -> u32 {
    let millis = duration.as_millis().min(u128::from(NEVER / 2)) as u32;
    if duration.is_zero() { 0 } else { millis.max(1) }
}

impl Deadlines {
    /// The deadlines of a connection that begins now. The first look comes after half an
    /// interval or more, as `spread`, from 0 to 255, says.
    pub(crate) fn new(config: &Config, now: Instant, spread: u8) -> Deadlines {
        let limits = Limits {
            ping: millis(config.ping_interval),
            pong: millis(config.pong_timeout),
            idle: millis(config.idle_timeout),
            write: millis(config.write_timeout),
            close: millis(config.close_timeout),
        };
        let half = u64::from(limits.ping / 2);
        let first = (half + half * u64::from(spread) / 255) as u32;
        let first = first.max(limits.ping.min(1));
        let mut deadlines = Deadlines {
            limits,
            began: now,
            look: after(0, first),
            pong: NEVER,
            idle: after(0, limits.idle),
            write: NEVER,
            close: NEVER,
            next: NEVER,
            armed: NEVER,
            heard: false,
            active: false,
        };
        deadlines.order();
        deadlines
    }

    fn order(&mut self) {
        self.next = self.look.min(self.pong).min(self.idle).min(self.write).min(self.close);
    }

    /// The milliseconds until now, rounded down; from time to time they are counted anew.
    fn elapsed(&mut self, now: Instant) -> u32 {
        let elapsed = now.saturating_duration_since(self.began).as_millis();
        if elapsed < u128::from(COUNTED) {
            return elapsed as u32;
        }
        self.began = now;
        self.armed = NEVER;
        let deadlines =
            [&mut self.look, &mut self.pong, &mut self.idle, &mut self.write, &mut self.close];
        for deadline in deadlines.into_iter().filter(|deadline| **deadline != NEVER) {
            *deadline = u128::from(*deadline).saturating_sub(elapsed) as u32;
        }
        self.order();
        0
    }

    /// Bytes came.
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// A message came or went.
    pub(crate) fn active(&mut self) {
        self.active = true;
    }

    /// Writing stalled.
    pub(crate) fn stalled(&mut self, now: impl FnOnce() -> Instant) {
        if self.write == NEVER && self.limits.write > 0 {
            self.write = after(self.elapsed(now()), self.limits.write);
            self.order();
        }
    }

    /// Something was written.
    #[inline]
    pub(crate) fn wrote(&mut self) {
        if self.write != NEVER {
            self.write = NEVER;
            self.order();
        }
    }

    /// The connection closes: of the deadlines only that of closing counts from now on.
    pub(crate) fn closing(&mut self, now: Instant) {
        if self.close == NEVER {
            self.close = after(self.elapsed(now), self.limits.close);
        }
        (self.look, self.pong, self.idle, self.write) = (NEVER, NEVER, NEVER, NEVER);
        self.limits.write = 0;
        self.order();
    }

    /// When to call [`fire`](Deadlines::fire).
    pub(crate) fn next(&self) -> Option<Instant> {
        let after = Duration::from_millis(u64::from(self.next));
        if self.next == NEVER { None } else { self.began.checked_add(after) }
    }

    /// Whether the timer is set for the first of them, or for an earlier time.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.armed <= self.next
    }

    /// Says whether the timer is set for the first of them.
    pub(crate) fn arm(&mut self, is_set: bool) {
        self.armed = if is_set { self.next } else { NEVER };
    }

    /// One thing that is due, if any.
    pub(crate) fn fire(&mut self, now: Instant) -> Option<Due> {
        let now = self.elapsed(now);
        let due = self.take_due(now);
        self.order();
        due
    }

    fn take_due(&mut self, now: u32) -> Option<Due> {
        if self.close <= now {
            self.close = NEVER;
            return Some(Due::Close);
        }
        if self.write <= now {
            self.write = NEVER;
            return Some(Due::Write);
        }
        if self.pong <= now {
            self.pong = NEVER;
            if !std::mem::take(&mut self.heard) {
                return Some(Due::Pong);
            }
        }
        if self.idle <= now {
            self.idle = after(now, self.limits.idle);
            if !std::mem::take(&mut self.active) {
                return Some(Due::Idle);
            }
        }
        if self.look <= now {
            self.look = after(now, self.limits.ping);
            // While a ping waits for its answer, another would say nothing new.
            if self.pong == NEVER && !std::mem::take(&mut self.heard) {
                self.pong = after(now, self.limits.pong);
                return Some(Due::Ping);
            }
        }
        None
    }
}

/// Never for no milliseconds.
fn after(now: u32, millis: u32) -> u32 {
    if millis == 0 { NEVER } else { now.saturating_add(millis) }
}

#[cfg(test)]
mod tests {
    use super::{Deadlines, Due};
    use crate::config::Config;
    use std::time::{Duration, Instant};

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> Config {
        Config::default().ping_interval(10 * SECOND).pong_timeout(4 * SECOND)
    }

    #[test]
    fn an_idle_peer_that_answers_is_pinged_each_interval() {
        let mut now = Instant::now();
        let mut deadlines = Deadlines::new(&config(), now, 255);
        for _ in 0..5 {
            now += 10 * SECOND;
            assert_eq!(deadlines.fire(now), Some(Due::Ping));
            deadlines.heard();
            assert_eq!(deadlines.next(), Some(now + 4 * SECOND));
            assert_eq!(deadlines.fire(now + 4 * SECOND), None);
        }
    }

    #[test]
    fn a_peer_that_talks_is_not_pinged() {
        let mut now = Instant::now();
        let mut deadlines = Deadlines::new(&config(), now, 255);
        for _ in 0..5 {
            deadlines.heard();
            now += 10 * SECOND;
            assert_eq!(deadlines.fire(now), None);
        }
        assert_eq!(deadlines.fire(now + 10 * SECOND), Some(Due::Ping));
    }

    #[test]
    fn a_peer_that_does_not_answer_is_given_up() {
        let now = Instant::now();
        let mut deadlines = Deadlines::new(&config(), now, 0);
        assert_eq!(deadlines.fire(now + 5 * SECOND), Some(Due::Ping));
        assert_eq!(deadlines.fire(now + 8 * SECOND), None);
        assert_eq!(deadlines.fire(now + 9 * SECOND), Some(Due::Pong));
    }

    #[test]
    fn a_pong_timeout_longer_than_the_interval_is_waited_for() {
        let now = Instant::now();
        let mut deadlines = Deadlines::new(&config().pong_timeout(25 * SECOND), now, 255);
        assert_eq!(deadlines.fire(now + 10 * SECOND), Some(Due::Ping));
        assert_eq!(deadlines.fire(now + 20 * SECOND), None);
        assert_eq!(deadlines.fire(now + 30 * SECOND), None);
        assert_eq!(deadlines.fire(now + 35 * SECOND), Some(Due::Pong));
    }

    #[test]
    fn writing_may_stall_only_so_long() {
        let now = Instant::now();
        let mut deadlines = Deadlines::new(&config().ping_interval(Duration::ZERO), now, 0);
        assert_eq!(deadlines.next(), None);
        deadlines.stalled(|| now);
        deadlines.stalled(|| now + SECOND);
        assert_eq!(deadlines.next(), Some(now + 10 * SECOND));
        deadlines.wrote();
        assert_eq!(deadlines.next(), None);
        deadlines.stalled(|| now);
        assert_eq!(deadlines.fire(now + 10 * SECOND), Some(Due::Write));
    }

    #[test]
    fn a_connection_of_many_years_keeps_its_deadlines() {
        let begin = Instant::now();
        let mut deadlines = Deadlines::new(&config(), begin, 255);
        let mut now = begin;
        for _ in 0..200 {
            now += 20 * 24 * 3600 * SECOND;
            assert_eq!(deadlines.fire(now), Some(Due::Ping));
            deadlines.heard();
            assert_eq!(deadlines.next(), Some(now + 4 * SECOND));
            assert_eq!(deadlines.fire(now + 4 * SECOND), None);
            assert_eq!(deadlines.next(), Some(now + 10 * SECOND));
        }
    }

    #[test]
    fn a_closing_connection_only_closes() {
        let now = Instant::now();
        let mut deadlines = Deadlines::new(&config().idle_timeout(SECOND), now, 0);
        deadlines.closing(now);
        deadlines.closing(now + SECOND);
        deadlines.stalled(|| now);
        assert_eq!(deadlines.next(), Some(now + 5 * SECOND));
        assert_eq!(deadlines.fire(now + 5 * SECOND), Some(Due::Close));
        assert_eq!(deadlines.next(), None);
    }
}
