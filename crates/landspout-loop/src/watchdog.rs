//! The thread that says what holds a loop, while it holds it.
//!
//! A loop counts a generation up whenever it gets on to something else. The
//! watchdog looks at all loops several times within their threshold; one that
//! is busy and has not counted on since the threshold is held. So the loop
//! itself never reads a clock.

use crate::gauges::Sample;
use crate::handle::Shared;
use crate::label::LabelId;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

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
        shared: Arc::clone(shared),
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
            // Read first: what has been closed by now is seen to its end.
            let closed = watched.shared.gauges.is_closed();
            reports.extend(watched.look(elapsed));
            !closed
        });
        reports
    }
}

struct Watched {
    shared: Arc<Shared>,
    threshold: Duration,
    /// What the last report named.
    label: LabelId,
    vigil: Vigil,
}

impl Watched {
    fn look(&mut self, elapsed: Duration) -> Option<Report> {
        let shared = &self.shared;
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

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLD: Duration = Duration::from_millis(100);

    /// Looks every 25 milliseconds at a loop that shows these generations; 0
    /// stands for a loop that is not busy.
    fn look(generations: impl IntoIterator<Item = u64>) -> Vec<Finding> {
        let mut vigil = Vigil::new(THRESHOLD);
        let samples =
            generations.into_iter().map(|generation| Sample { busy: generation > 0, generation });
        samples.filter_map(|sample| vigil.observe(sample, THRESHOLD / LOOKS)).collect()
    }

    fn held(milliseconds: u64, again: bool) -> Finding {
        Finding::Held { held: Duration::from_millis(milliseconds), again }
    }

    #[test]
    fn a_loop_that_gets_on_or_waits_is_not_held() {
        assert_eq!(look(1..100), []);
        assert_eq!(look([0; 100]), []);
        assert_eq!(look([1, 1, 2, 2, 0, 0, 3, 3]), []);
    }

    #[test]
    fn a_loop_is_suspected_then_held_then_released() {
        let released = Finding::Released { held: Duration::from_millis(150) };
        let findings = [Finding::Suspect, held(100, false), released];
        assert_eq!(look([1, 1, 1, 1, 1, 1, 2, 3]), findings);
    }

    #[test]
    fn reports_come_less_and_less_often() {
        let findings =
            [Finding::Suspect, held(100, false), held(200, true), held(400, true), held(800, true)];
        assert_eq!(look([1; 60]), findings);
    }

    #[test]
    fn time_in_which_the_watchdog_did_not_run_counts_for_little() {
        let mut vigil = Vigil::new(THRESHOLD);
        let sample = Sample { busy: true, generation: 1 };
        assert_eq!(vigil.observe(sample, Duration::ZERO), None);
        assert_eq!(vigil.observe(sample, Duration::from_secs(3600)), Some(Finding::Suspect));
    }
}
