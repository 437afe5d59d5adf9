//! Checks gathered into the points of a chart.

use crate::outcome::Verdict;

/// The checks of one endpoint in a short stretch of time, as one point of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its first millisecond since the Unix epoch, a multiple of the bucket's width.
    pub at: i64,
    /// How many checks were measured in it, at least one.
    pub checks: u32,
    /// How many of them failed.
    pub failed: u32,
    /// The latency that half of the good and slow checks did not exceed, in microseconds;
    /// `None` when all failed.
    pub p50: Option<u32>,
    /// The latency that 95 of 100 did not exceed.
    pub p95: Option<u32>,
    /// The longest.
    pub max: Option<u32>,
}

/// Gathers checks, given in the order of time as time, verdict and total latency, into buckets
/// of `width` milliseconds. Times without a measured check have no bucket.
pub(super) struct Buckets {
    width: i64,
    done: Vec<Bucket>,
    at: i64,
    checks: u32,
    latencies: Vec<u32>,
}

impl Buckets {
    pub(super) fn new(width: i64) -> Self {
        Buckets { width: width.max(1), done: Vec::new(), at: 0, checks: 0, latencies: Vec::new() }
    }

    pub(super) fn add(&mut self, at: i64, verdict: Verdict, total: Option<u32>) {
        let start = at - at.rem_euclid(self.width);
        if start != self.at {
            self.close();
            self.at = start;
        }
        match verdict {
            Verdict::NotMeasured => return,
            Verdict::Failed => {}
            Verdict::Ok | Verdict::Slow => self.latencies.push(total.unwrap_or(0)),
        }
        self.checks += 1;
    }

    pub(super) fn finish(mut self) -> Vec<Bucket> {
        self.close();
        self.done
    }

    fn close(&mut self) {
        if self.checks == 0 {
            return;
        }
        self.latencies.sort_unstable();
        self.done.push(Bucket {
            at: self.at,
            checks: self.checks,
            failed: self.checks - self.latencies.len() as u32,
            p50: percentile(&self.latencies, 50),
            p95: percentile(&self.latencies, 95),
            max: self.latencies.last().copied(),
        });
        self.checks = 0;
        self.latencies.clear();
    }
}

/// The nearest rank: the smallest value that at least `percent` of all do not exceed.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}
