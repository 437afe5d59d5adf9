//! The latency of one endpoint over a window of time.

use serde::Serialize;

use super::{Moment, show_latency};
use crate::draw::{self, Piece, Size};
use crate::state::State;
use crate::store::{Bucket, Interval, Window};

const SIZE: Size = Size { width: 800.0, height: 240.0 };

/// So many points are in a chart at most; more would be narrower than a pixel on a phone.
const POINTS: i64 = 240;

/// The windows that can be chosen, with their length in milliseconds.
pub const WINDOWS: [(&str, i64); 4] =
    [("1h", 3_600_000), ("24h", 86_400_000), ("7d", 604_800_000), ("30d", 2_592_000_000)];

/// A chart: shapes, its scale, and itself in words.
#[derive(Debug, Clone, Serialize)]
pub struct Chart {
    /// How many points it has.
    pub points: usize,
    /// The latency that half of the checks did not exceed.
    pub line: String,
    /// From there to the latency that 95 of 100 did not exceed.
    pub band: String,
    /// When it was slow, down or not known.
    pub outages: Vec<Piece>,
    /// The heights of the horizontal rules.
    pub rules: Vec<String>,
    /// What is written at the rules, from the top.
    pub scale: Vec<String>,
    /// Its left end.
    pub from: Moment,
    /// Its right end.
    pub to: Moment,
    /// The same in words.
    pub label: String,
}

impl Chart {
    /// The width of a bucket for a window, in milliseconds: such that there are enough points
    /// and none is shorter than the endpoint's interval.
    pub fn bucket_width(window: Window, every: i64) -> i64 {
        (window.length() / POINTS).max(every).max(1)
    }

    /// Draws a window.
    pub fn of(window: Window, width: i64, buckets: &[Bucket], states: &[Interval]) -> Chart {
        let greatest = buckets.iter().filter_map(|bucket| bucket.p95).max().unwrap_or(0);
        // Nothing is drawn finer than a millisecond.
        let top = draw::scale_top(f64::from(greatest.max(1_000)));
        let share = |at: i64| (at - window.from) as f64 / window.length().max(1) as f64;
        let points = with_gaps(buckets, width);
        let middle = |at: i64| share(at + width / 2);
        let line: Vec<_> = points
            .iter()
            .map(|(at, bucket)| (middle(*at), bucket.and_then(|b| b.p50).map(f64::from)))
            .collect();
        let band: Vec<_> = points
            .iter()
            .map(|(at, bucket)| {
                let values = bucket.and_then(|bucket| Some((bucket.p50?, bucket.p95?)));
                (middle(*at), values.map(|(low, high)| (f64::from(low), f64::from(high))))
            })
            .collect();
        let outages =
            states.iter().filter(|interval| interval.state != State::Up).map(|interval| {
                let until = interval.until.unwrap_or(window.to);
                Piece {
                    state: interval.state.as_str(),
                    path: draw::stretch(SIZE, share(interval.since), share(until)),
                }
            });
        Chart {
            points: buckets.len(),
            line: draw::line(SIZE, top, &line),
            band: draw::band(SIZE, top, &band),
            outages: outages.collect(),
            rules: [0.25, 0.5, 0.75].map(|at| format!("{:.0}", SIZE.height * at)).to_vec(),
            scale: [1.0, 0.75, 0.5, 0.25, 0.0].map(|at| show_latency((top * at) as u32)).to_vec(),
            from: Moment::at(window.from),
            to: Moment::at(window.to),
            label: label(buckets),
        }
    }
}

/// The buckets, with a point of nothing between two that do not follow each other.
fn with_gaps(buckets: &[Bucket], width: i64) -> Vec<(i64, Option<&Bucket>)> {
    let mut points = Vec::with_capacity(buckets.len());
    let mut next = None;
    for bucket in buckets {
        if next.is_some_and(|next| bucket.at > next) {
            points.push((bucket.at - width, None));
        }
        points.push((bucket.at, Some(bucket)));
        // One bucket without a check is the rhythm of the endpoint, not a gap.
        next = Some(bucket.at + 2 * width);
    }
    points
}

fn label(buckets: &[Bucket]) -> String {
    let checks: u32 = buckets.iter().map(|bucket| bucket.checks).sum();
    let failed: u32 = buckets.iter().map(|bucket| bucket.failed).sum();
    match buckets.iter().filter_map(|bucket| bucket.p50).max() {
        Some(worst) => format!(
            "{checks} checks, {failed} failed; the median latency was at most {}",
            show_latency(worst)
        ),
        None => format!("{checks} checks, {failed} failed"),
    }
}
