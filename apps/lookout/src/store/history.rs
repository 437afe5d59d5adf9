//! States over time, and the share of it that an endpoint was up.

use crate::state::State;

/// A stretch of time, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first millisecond.
    pub from: i64,
    /// The millisecond after its last; not in the future.
    pub to: i64,
}

impl Window {
    /// The stretch of `length` milliseconds that ends at `now`.
    pub fn last(length: i64, now: i64) -> Window {
        Window { from: now - length, to: now }
    }

    /// How long it is, in milliseconds.
    pub fn length(self) -> i64 {
        (self.to - self.from).max(0)
    }
}

/// A stretch of time in which an endpoint had one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// When it began, in milliseconds since the Unix epoch.
    pub since: i64,
    /// When it ended; `None` while it lasts.
    pub until: Option<i64>,
    /// The state.
    pub state: State,
    /// Why, if there is more to say.
    pub cause: Option<String>,
}

impl Interval {
    /// How much of the interval lies in a window, in milliseconds.
    pub fn within(&self, window: Window) -> i64 {
        let end = self.until.unwrap_or(window.to).min(window.to);
        (end - self.since.max(window.from)).max(0)
    }
}

/// Puts an unknown interval wherever a window is not covered, so that one follows the other
/// from its first millisecond to its last.
pub(super) fn fill(known: Vec<Interval>, window: Window) -> Vec<Interval> {
    let unknown =
        |since, until| Interval { since, until: Some(until), state: State::Unknown, cause: None };
    let mut filled = Vec::with_capacity(known.len() + 1);
    let mut covered = window.from;
    for interval in known {
        if interval.since > covered {
            filled.push(unknown(covered, interval.since));
        }
        covered = interval.until.unwrap_or(window.to);
        filled.push(interval);
    }
    if covered < window.to {
        filled.push(unknown(covered, window.to));
    }
    filled
}

/// How much of a window an endpoint spent in which state, in milliseconds.
///
/// Weighted by time and not by checks, so that checking more often while something is wrong does
/// not change it. Unknown time is neither up nor down; [`coverage`](Uptime::coverage) tells how
/// much is left.
///
/// ```
/// use lookout::store::Uptime;
///
/// let day = Uptime { up: 60_000, slow: 30_000, down: 10_000, window: 200_000 };
/// assert_eq!(day.share(), Some(0.9));
/// assert_eq!(day.coverage(), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uptime {
    /// It was up.
    pub up: i64,
    /// It was slow, which is not down.
    pub slow: i64,
    /// It was down.
    pub down: i64,
    /// The whole window.
    pub window: i64,
}

impl Uptime {
    /// Adds up the intervals of a window.
    pub fn of<'a>(intervals: impl IntoIterator<Item = &'a Interval>, window: Window) -> Uptime {
        let mut uptime = Uptime { window: window.length(), ..Uptime::default() };
        for interval in intervals {
            uptime.add(interval.state, interval.within(window));
        }
        uptime
    }

    /// The share of the known time that it was not down, from 0 to 1; `None` when nothing is
    /// known.
    pub fn share(&self) -> Option<f64> {
        let known = self.known();
        (known > 0).then(|| (self.up + self.slow) as f64 / known as f64)
    }

    /// The share of the window that is known, from 0 to 1.
    pub fn coverage(&self) -> f64 {
        if self.window > 0 { self.known() as f64 / self.window as f64 } else { 0.0 }
    }

    pub(super) fn add(&mut self, state: State, time: i64) {
        match state {
            State::Up => self.up += time,
            State::Slow => self.slow += time,
            State::Down => self.down += time,
            State::Unknown => {}
        }
    }

    fn known(&self) -> i64 {
        self.up + self.slow + self.down
    }
}
