//! One endpoint for programs: an entry of `/api/endpoints`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Moment;
use crate::board::Entry;
use crate::outcome::{Outcome, Phases};
use crate::store::percentile;

/// The state of an endpoint in numbers; latencies are in milliseconds, shares from 0 to 1.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: Option<String>,
    /// What is watched, without its query.
    pub url: String,
    /// `up`, `slow`, `down` or `unknown`.
    pub state: &'static str,
    /// Since when, in RFC 3339.
    pub since: Option<String>,
    /// When the last check began, in RFC 3339.
    pub checked: Option<String>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// The latency of the last check, if it was answered.
    pub latency: Option<f64>,
    /// What it was spent on, by the name of the phase.
    pub phases: BTreeMap<&'static str, f64>,
    /// The latency that half of the recent checks did not exceed.
    pub p50: Option<f64>,
    /// The latency that 95 of 100 did not exceed.
    pub p95: Option<f64>,
    /// The share of the known time of the last 24 hours in which it was not down.
    pub uptime: Option<f64>,
    /// The share of the last 24 hours that is known.
    pub observed: Option<f64>,
    /// Why the last check was not good, if it was not.
    pub error: Option<String>,
}

impl Status {
    /// The status of an endpoint.
    pub fn of(entry: &Entry) -> Status {
        let (endpoint, last) = (&entry.endpoint, entry.last());
        let latencies = entry.latencies();
        Status {
            id: endpoint.id.clone(),
            name: endpoint.name.clone(),
            group: endpoint.group.clone(),
            url: endpoint.shown_url(),
            state: entry.state().as_str(),
            since: entry.since.map(|at| Moment::at(at).iso),
            checked: last.map(|last| Moment::at(last.at).iso),
            status: last.and_then(|last| last.status),
            latency: last.and_then(Outcome::latency).map(millis),
            phases: last.map(|last| phases(&last.phases)).unwrap_or_default(),
            p50: percentile(&latencies, 50).map(millis),
            p95: percentile(&latencies, 95).map(millis),
            uptime: entry.uptime.and_then(|uptime| uptime.share()),
            observed: entry.uptime.map(|uptime| uptime.coverage()),
            error: last.and_then(|last| last.reason.clone()),
        }
    }
}

fn phases(phases: &Phases) -> BTreeMap<&'static str, f64> {
    phases.named().map(|(name, took)| (name, millis(took))).collect()
}

fn millis(micros: u32) -> f64 {
    f64::from(micros) / 1_000.0
}
