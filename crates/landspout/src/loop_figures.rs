//! The figures of the loops, beside those of the servers.

use landspout_loop::{LagHistogram, LoopHandle, LoopStats};
use landspout_server::{Metrics, Samples};
use std::sync::{Arc, Mutex, PoisonError};

/// The loops that are asked at a scrape. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoopFigures(Arc<Mutex<Vec<(usize, LoopHandle)>>>);

impl LoopFigures {
    /// Adds what the loops tell to `metrics`.
    pub(crate) fn add_to(&self, metrics: &Metrics) {
        let figures = self.clone();
        metrics.add(move |samples| {
            for (index, handle) in &*figures.0.lock().unwrap_or_else(PoisonError::into_inner) {
                tell(samples, &index.to_string(), &handle.stats());
            }
        });
    }

    /// Says that the current loop is the one of this index, in place of the one before.
    pub(crate) fn enter(&self, index: usize) {
        let mut loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loops.retain(|(known, _)| *known != index);
        loops.push((index, LoopHandle::current()));
    }
}

fn tell(samples: &mut Samples, index: &str, stats: &LoopStats) {
    let labels = [("loop", index)];
    let busy = stats.busy.as_secs_f64();
    samples.gauge("loop_busy_seconds", "Time that the loop ran code", &labels, busy);
    let idle = stats.idle.as_secs_f64();
    samples.gauge("loop_idle_seconds", "Time that the loop waited", &labels, idle);
    samples.counter("loop_stalls", "Times that the loop was held", &labels, stats.stalls);
    samples.counter("loop_panics", "Panics that were caught", &labels, stats.panics);
    samples.gauge("loop_tasks", "Tasks that are alive", &labels, stats.tasks_alive as f64);
    lag(samples, &labels, &stats.lag);
}

fn lag(samples: &mut Samples, labels: &[(&str, &str)], lag: &LagHistogram) {
    let buckets = lag
        .buckets()
        .map(|(bound, count)| (bound.map_or(f64::MAX, |bound| bound.as_secs_f64()), count));
    // The loop keeps no sum: each is taken for as late as its bucket goes.
    let bounds = lag
        .buckets()
        .map(|(bound, count)| bound.map_or(1.0, |bound| bound.as_secs_f64()) * count as f64);
    let sum = bounds.sum();
    samples.histogram("loop_timer_lag_seconds", "How late timers ran", labels, sum, buckets);
}
