//! The thread that says what holds a loop, while it holds it.
//!
//! A loop counts a generation up whenever it gets on to something else. The
//! watchdog looks at all loops several times within their threshold; one that
//! is busy and has not counted on since the threshold is held. So the loop
//! itself never reads a clock.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::gauges::Sample;
use crate::handle::Shared;
use crate::label::LabelId;

/// How often the watchdog looks within one threshold.
const LOOKS: u32 = 4;

/// The shortest time between two looks.
const SHORTEST_LOOK: Duration = Duration::from_millis(1);

static WATCHDOG: OnceLock<Watchdog> = OnceLock::new();

/// Watches a loop until it is dropped. A threshold of zero means not to.
pub(crate) fn watch(shared: &Arc<Shared>, threshold: Duration) {
    if threshold.is_zero() {
        return;
    }
    let watchdog = WATCHDOG.get_or_init(Watchdog::start);
    watchdog.watched().push(Watched {
        shared: Arc::downgrade(shared),
        threshold,
        label: LabelId::NONE,
        vigil: Vigil::new(threshold),
    });
    watchdog.added.notify_one();
}

/// One for the process, from the first watched loop on.
#[derive(Default)]
struct Watchdog {
    watched: Mutex<Vec<Watched>>,
    added: Condvar,
}

impl Watchdog {
    fn start() -> Watchdog {
        let patrol = || WATCHDOG.wait().patrol();
        let thread = thread::Builder::new().name("landspout-watchdog".to_owned());
        if let Err(error) = thread.spawn(patrol) {
            tracing::error!("stalled event loops will not be reported: {error}");
        }
        Watchdog::default()
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Watched>> {
        // No code that could panic runs under this lock.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn patrol(&self) {
        let mut last_look = Instant::now();
        loop {
            self.rest();
            let elapsed = last_look.elapsed();
            last_look = Instant::now();
            // The log is written without the lock: a subscriber may do
            // anything, even make an event loop.
            for report in self.look(elapsed) {
                report.log();
            }
        }
    }

    /// Waits until it is time to look again.
    fn rest(&self) {
        let mut watched = self.watched();
        while watched.is_empty() {
            watched = self.added.wait(watched).unwrap_or_else(PoisonError::into_inner);
        }
        let shortest = watched.iter().map(|watched| watched.threshold).min();
        let rest = (shortest.unwrap_or_default() / LOOKS).max(SHORTEST_LOOK);
        drop(self.added.wait_timeout(watched, rest));
    }

    fn look(&self, elapsed: Duration) -> Vec<Report> {
        let mut reports = Vec::new();
        self.watched().retain_mut(|watched| {
            let Some(shared) = watched.shared.upgrade() else {
                return false;
            };
            reports.extend(watched.look(&shared, elapsed));
            !shared.gauges.is_closed()
        });
        reports
    }
}

struct Watched {
    shared: Weak<Shared>,
    threshold: Duration,
    /// What the last report named.
    label: LabelId,
    vigil: Vigil,
}

impl Watched {
    fn look(&mut self, shared: &Arc<Shared>, elapsed: Duration) -> Option<Report> {
        let finding = self.vigil.observe(shared.gauges.sample(), elapsed)?;
        match finding {
            Finding::Suspect => {
                shared.wake_driver();
                return None;
            }
            Finding::Held { again, .. } => {
                self.label = shared.gauges.label();
                if !again {
                    shared.gauges.stalls.add(1);
                }
            }
            Finding::Released { .. } => (),
        }
        Some(Report { shared: Arc::clone(shared), label: self.label, finding })
    }
}

struct Report {
    shared: Arc<Shared>,
    label: LabelId,
    finding: Finding,
}

impl Report {
    fn log(self) {
        let Report { shared, label, finding } = self;
        let name = &shared.name;
        match finding {
            Finding::Suspect => (),
            Finding::Held { held, .. } => {
                let held = held.as_millis();
                tracing::warn!("event loop `{name}` has been held for {held} ms by {label}");
            }
            Finding::Released { held } => {
                let held = held.as_millis();
                tracing::warn!("event loop `{name}` goes on; it was held for {held} ms by {label}");
            }
        }
    }
}

/// What a look at a loop has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    /// Perhaps held, or perhaps busy with tasks that do not count: those that
    /// were spawned with tokio alone. The driver is woken; if it is polled,
    /// the loop gets on.
    Suspect,
    /// Held for so long, reported for the first time or again.
    Held { held: Duration, again: bool },
    /// Not held any more, after it was reported.
    Released { held: Duration },
}

/// What is remembered of one loop between two looks.
struct Vigil {
    threshold: Duration,
    generation: u64,
    /// How long the generation has been seen to last. It began before the
    /// first look, so that this is a lower bound.
    held: Duration,
    /// When to report next; doubled by each report.
    next_report: Duration,
    suspected: bool,
}

impl Vigil {
    fn new(threshold: Duration) -> Vigil {
        let next_report = threshold;
        Vigil { threshold, generation: 0, held: Duration::ZERO, next_report, suspected: false }
    }

    /// Takes a look, `elapsed` after the last one.
    fn observe(&mut self, sample: Sample, elapsed: Duration) -> Option<Finding> {
        // A watchdog that has itself been kept waiting (a suspended machine, a
        // starved process) knows nothing of that time.
        let known = elapsed.min(self.threshold / 2);
        if !sample.busy || sample.generation != self.generation {
            let reported = self.next_report > self.threshold;
            let held = self.held + known;
            *self = Vigil { generation: sample.generation, ..Vigil::new(self.threshold) };
            return reported.then_some(Finding::Released { held });
        }
        self.held += known;
        if self.held >= self.next_report {
            let again = self.next_report > self.threshold;
            self.next_report = self.held * 2;
            return Some(Finding::Held { held: self.held, again });
        }
        if !self.suspected && self.held >= self.threshold / 2 {
            self.suspected = true;
            return Some(Finding::Suspect);
        }
        None
    }
}
