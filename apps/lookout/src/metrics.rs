//! What a Prometheus sees.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::board::{Board, Entry};
use crate::state::State;
use crate::store::WriterStats;
use landspout::event_loop::LoopStats;

/// The content type of [`metrics`]: `OpenMetrics`, which every Prometheus since 2.5 reads.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// All figures, as they are now.
pub fn metrics(board: &Board, store: &WriterStats, stats: &LoopStats) -> String {
    let mut registry = Registry::with_prefix("lookout");
    endpoints(&mut registry, &board.entries());
    ourselves(&mut registry, board, store, stats);
    let mut text = String::new();
    encode(&mut text, &registry).expect("a String takes what it is given");
    text
}

fn endpoints(registry: &mut Registry, entries: &[Entry]) {
    let (up, state, uptime, latency) =
        (Gauges::default(), Gauges::default(), Gauges::default(), Gauges::default());
    let checks = Family::<Labels, Counter>::default();
    for entry in entries {
        let labels = |more: &[(&'static str, &str)]| -> Labels {
            let own = [("endpoint", entry.endpoint.id.as_str())];
            own.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        up.get_or_create(&labels(&[])).set(flag(matches!(entry.state(), State::Up | State::Slow)));
        for known in [State::Unknown, State::Up, State::Slow, State::Down] {
            let labels = labels(&[("state", known.as_str())]);
            state.get_or_create(&labels).set(flag(entry.state() == known));
        }
        if let Some(share) = entry.uptime.and_then(|uptime| uptime.share()) {
            uptime.get_or_create(&labels(&[("window", "24h")])).set(share);
        }
        for (phase, took) in entry.last().map(|last| last.phases.named()).into_iter().flatten() {
            let labels = labels(&[("phase", phase)]);
            latency.get_or_create(&labels).set(f64::from(took) / 1e6);
        }
        for (verdict, count) in entry.counts() {
            let labels = labels(&[("verdict", verdict.as_str())]);
            checks.get_or_create(&labels).inc_by(count);
        }
    }
    registry.register("endpoint_up", "Whether the endpoint is up or slow", up);
    registry.register("endpoint_state", "1 for the state that the endpoint is in", state);
    registry.register("endpoint_uptime_ratio", "Share of the known time it was not down", uptime);
    let help = "How long each phase of the last check took";
    registry.register_with_unit("endpoint_latency", help, Unit::Seconds, latency);
    registry.register("checks", "Checks since lookout was started", checks);
}

fn ourselves(registry: &mut Registry, board: &Board, store: &WriterStats, stats: &LoopStats) {
    let lag: Gauge<f64, AtomicU64> = Gauge::default();
    lag.set(board.worst_lag() as f64 / 1e3);
    let help = "The greatest delay of a check's beginning in the last minute";
    registry.register_with_unit("start_lag", help, Unit::Seconds, lag);
    let busy: Gauge<f64, AtomicU64> = Gauge::default();
    busy.set(stats.busy_share());
    registry.register("loop_busy_ratio", "Share of its time that the event loop was busy", busy);
    let totals = [
        ("skipped_rounds", "Rounds in which a check could not begin", board.skipped()),
        ("store_written", "Checks written to the history", store.written),
        ("store_dropped", "Checks that the history had no room for", store.dropped),
        ("store_commits", "Transactions of the history", store.commits),
    ];
    for (name, help, total) in totals {
        let counter: Counter = Counter::default();
        counter.inc_by(total);
        registry.register(name, help, counter);
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}
