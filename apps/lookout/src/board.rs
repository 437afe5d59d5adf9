//! What is known right now: the state of every endpoint, for pages and viewers.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use tokio::sync::watch;

use crate::clock::wall;
use crate::decide::{Decider, Flip};
use crate::endpoint::Endpoint;
use crate::expect::Finding;
use crate::outcome::{Outcome, Verdict};
use crate::state::State;
use crate::store::Uptime;

/// So many checks of each endpoint are at hand: for the bar, the curve and the percentiles.
pub const RECENT: usize = 120;

/// The endpoints and what is known of them, on the loop that checks and serves.
///
/// Every change raises the [version](Board::version), and an endpoint remembers the version of
/// its last change. A viewer who has seen everything up to some version is sent the endpoints
/// that are newer: that is all there is to resuming after a lost connection, and it needs no
/// queue for anyone, however slow.
#[derive(Debug)]
pub struct Board {
    entries: RefCell<Vec<Entry>>,
    /// From ids to places in `entries`.
    places: HashMap<String, usize>,
    version: watch::Sender<u64>,
    /// When this board was made: versions of another run mean nothing here.
    made: i64,
    skipped: Cell<u64>,
    lag: Cell<Lag>,
}

/// The greatest delay of a check's beginning, in this minute and in the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Lag {
    minute: i64,
    current: i64,
    previous: i64,
}

/// What is known of one endpoint.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is watched, and how.
    pub endpoint: Rc<Endpoint>,
    /// When its state began, in milliseconds since the Unix epoch; `None` before the first one.
    pub since: Option<i64>,
    /// The last [`RECENT`] checks, oldest first.
    pub recent: VecDeque<Outcome>,
    /// The last check that failed.
    pub last_failure: Option<Outcome>,
    /// What became of each expectation in the last check.
    pub findings: Vec<Finding>,
    /// The last 24 hours.
    pub uptime: Option<Uptime>,
    /// The board's version of its last change.
    pub version: u64,
    /// How many checks had which verdict since lookout was started, by the verdict's code.
    counts: [u64; 4],
    decider: Decider,
}

impl Entry {
    fn new(version: u64, endpoint: Endpoint) -> Entry {
        Entry {
            decider: Decider::new(endpoint.rule),
            endpoint: Rc::new(endpoint),
            since: None,
            recent: VecDeque::with_capacity(RECENT),
            last_failure: None,
            findings: Vec::new(),
            uptime: None,
            version,
            counts: [0; 4],
        }
    }

    /// The state as decided so far.
    pub fn state(&self) -> State {
        self.decider.state()
    }

    /// Whether it is worth checking again soon.
    pub fn in_doubt(&self) -> bool {
        self.decider.in_doubt()
    }

    /// The last check, if there was one.
    pub fn last(&self) -> Option<&Outcome> {
        self.recent.back()
    }

    /// The latencies of the recent checks that were answered, in microseconds, sorted.
    pub fn latencies(&self) -> Vec<u32> {
        let mut latencies: Vec<u32> = self.recent.iter().filter_map(Outcome::latency).collect();
        latencies.sort_unstable();
        latencies
    }

    /// Whether it was checked since lookout was started.
    pub fn checked(&self) -> bool {
        self.counts.iter().any(|count| *count > 0)
    }

    /// How many checks had which verdict since lookout was started.
    pub fn counts(&self) -> impl Iterator<Item = (Verdict, u64)> {
        let verdicts = [Verdict::Ok, Verdict::Slow, Verdict::Failed, Verdict::NotMeasured];
        verdicts.into_iter().map(|verdict| (verdict, self.counts[usize::from(verdict.code())]))
    }

    fn remember(&mut self, outcome: Outcome) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        if outcome.verdict == Verdict::Failed {
            self.last_failure = Some(outcome.clone());
        }
        self.recent.push_back(outcome);
    }
}

impl Board {
    /// A board on which nothing is known yet.
    pub fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Board {
        // That an endpoint is on the board is its first change: a viewer who has seen nothing, or
        // the page of another run, is shown all of them.
        let entries: Vec<Entry> =
            (1..).zip(endpoints).map(|(version, endpoint)| Entry::new(version, endpoint)).collect();
        let version = entries.last().map_or(0, |entry| entry.version);
        let places = entries.iter().enumerate();
        Board {
            places: places.map(|(place, entry)| (entry.endpoint.id.clone(), place)).collect(),
            entries: RefCell::new(entries),
            version: watch::Sender::new(version),
            made: wall(),
            skipped: Cell::new(0),
            lag: Cell::default(),
        }
    }

    /// Puts what the history knows on the board. The states stay unknown: nobody looked while
    /// lookout was off.
    pub fn restore(
        &self,
        mut recent: HashMap<String, Vec<Outcome>>,
        mut failures: HashMap<String, Outcome>,
    ) {
        for entry in self.entries.borrow_mut().iter_mut() {
            let id = &entry.endpoint.id;
            let last_failure = failures.remove(id);
            for outcome in recent.remove(id).unwrap_or_default() {
                entry.remember(outcome);
            }
            entry.last_failure = last_failure.or(entry.last_failure.take());
        }
    }

    /// Takes the outcome of a check; returns the change of state that it brings, if any.
    ///
    /// # Panics
    ///
    /// When `place` is not the place of an endpoint.
    pub fn take(&self, place: usize, outcome: Outcome, findings: Vec<Finding>) -> Option<Flip> {
        let version = *self.version.borrow() + 1;
        let flip = {
            let entry = &mut self.entries.borrow_mut()[place];
            let flip = entry.decider.decide(&outcome);
            if let Some(flip) = &flip {
                entry.since = Some(flip.at);
            }
            entry.findings = findings;
            entry.counts[usize::from(outcome.verdict.code())] += 1;
            entry.version = version;
            entry.remember(outcome);
            flip
        };
        self.version.send_replace(version);
        flip
    }

    /// Takes the uptimes of the last 24 hours. They change all the time and by little, so this
    /// alone is no news to a viewer.
    pub fn take_uptimes(&self, uptimes: &HashMap<String, Uptime>) {
        for entry in self.entries.borrow_mut().iter_mut() {
            entry.uptime = uptimes.get(&entry.endpoint.id).copied();
        }
    }

    /// Notes that a check began at `now` (milliseconds), how late that was, and how many rounds it
    /// missed.
    pub fn note_start(&self, now: i64, late: i64, skipped: u64) {
        self.skipped.set(self.skipped.get() + skipped);
        let lag = self.lag.get();
        let minute = now / 60_000;
        self.lag.set(match minute - lag.minute {
            0 => Lag { current: lag.current.max(late), ..lag },
            1 => Lag { minute, current: late, previous: lag.current },
            _ => Lag { minute, current: late, previous: 0 },
        });
    }

    /// How many rounds were skipped because a check could not begin or had not ended.
    pub fn skipped(&self) -> u64 {
        self.skipped.get()
    }

    /// The greatest delay of a check's beginning in the last minute or two, in milliseconds.
    pub fn worst_lag(&self) -> i64 {
        let lag = self.lag.get();
        lag.current.max(lag.previous)
    }

    /// All endpoints, in the order of the configuration.
    pub fn entries(&self) -> Ref<'_, [Entry]> {
        Ref::map(self.entries.borrow(), Vec::as_slice)
    }

    /// The endpoint of this id.
    pub fn entry(&self, id: &str) -> Option<Ref<'_, Entry>> {
        let place = *self.places.get(id)?;
        Some(Ref::map(self.entries.borrow(), |entries| &entries[place]))
    }

    /// The number of the last change.
    pub fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// A version as viewers know it.
    pub fn version_name(&self, version: u64) -> String {
        format!("{}-{version}", self.made)
    }

    /// The version of this name; 0, before all changes, when another run of lookout gave it or
    /// nobody did.
    pub fn version_of(&self, name: &str) -> u64 {
        let version = name.split_once('-').filter(|(made, _)| *made == self.made.to_string());
        version.and_then(|(_, version)| version.parse().ok()).unwrap_or(0)
    }

    /// Tells of changes, to one viewer.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
