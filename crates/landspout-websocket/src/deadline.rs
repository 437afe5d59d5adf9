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

/// The deadlines of a connection.
///
/// What happens often, bytes that come and messages, only sets a flag; the clock is read when
/// one of the deadlines passes, or when writing stalls.
#[derive(Debug)]
pub(crate) struct Deadlines {
    limits: Limits,
    look: Option<Instant>,
    heard: bool,
    pong: Option<Instant>,
    idle: Option<Instant>,
    active: bool,
    write: Option<Instant>,
    close: Option<Instant>,
    /// The first of them.
    next: Option<Instant>,
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

/// At least one millisecond, unless it is zero; at most 49 days.
fn millis(duration: Duration) -> u32 {
    if duration.is_zero() { 0 } else { duration.as_millis().clamp(1, u128::from(u32::MAX)) as u32 }
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
            look: after(now, first),
            heard: false,
            pong: None,
            idle: after(now, limits.idle),
            active: false,
            write: None,
            close: None,
            next: None,
        };
        deadlines.order();
        deadlines
    }

    fn order(&mut self) {
        self.next =
            [self.look, self.pong, self.idle, self.write, self.close].into_iter().flatten().min();
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
        if self.write.is_none() && self.limits.write > 0 {
            self.write = after(now(), self.limits.write);
            self.order();
        }
    }

    /// Something was written.
    pub(crate) fn wrote(&mut self) {
        if self.write.take().is_some() {
            self.order();
        }
    }

    /// The connection closes: of the deadlines only that of closing counts from now on.
    pub(crate) fn closing(&mut self, now: Instant) {
        if self.close.is_none() {
            self.close = after(now, self.limits.close);
        }
        (self.look, self.pong, self.idle, self.write) = (None, None, None, None);
        self.limits.write = 0;
        self.order();
    }

    /// When to call [`fire`](Deadlines::fire).
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// One thing that is due, if any.
    pub(crate) fn fire(&mut self, now: Instant) -> Option<Due> {
        let due = self.take_due(now);
        self.order();
        due
    }

    fn take_due(&mut self, now: Instant) -> Option<Due> {
        let passed = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if passed(self.close) {
            self.close = None;
            return Some(Due::Close);
        }
        if passed(self.write) {
            self.write = None;
            return Some(Due::Write);
        }
        if passed(self.pong) {
            self.pong = None;
            if !std::mem::take(&mut self.heard) {
                return Some(Due::Pong);
            }
        }
        if passed(self.idle) {
            self.idle = after(now, self.limits.idle);
            if !std::mem::take(&mut self.active) {
                return Some(Due::Idle);
            }
        }
        if passed(self.look) {
            self.look = after(now, self.limits.ping);
            // While a ping waits for its answer, another would say nothing new.
            if self.pong.is_none() && !std::mem::take(&mut self.heard) {
                self.pong = after(now, self.limits.pong);
                return Some(Due::Ping);
            }
        }
        None
    }
}

/// `None` for no milliseconds.
fn after(now: Instant, millis: u32) -> Option<Instant> {
    if millis == 0 { None } else { now.checked_add(Duration::from_millis(u64::from(millis))) }
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
