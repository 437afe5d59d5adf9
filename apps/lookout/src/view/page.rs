//! The page of one endpoint.

use serde::Serialize;

use super::{Chart, Moment, Row, show_lasting, show_latency, show_share};
use crate::board::Entry;
use crate::duration::show_duration;
use crate::outcome::Outcome;
use crate::state::State;
use crate::store::{Interval, Uptime, Window};

/// So many states are listed: one that flaps for a month has thousands.
const EVENTS: usize = 100;

/// All that the page of an endpoint shows.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointPage {
    /// As in the list.
    pub row: Row,
    /// What is watched, and how.
    pub endpoint: About,
    /// Figures of the chosen window.
    pub facts: Vec<Fact>,
    /// The name of the chosen window.
    pub window: &'static str,
    /// The latency in that window.
    pub chart: Chart,
    /// The last check, if there was one.
    pub last: Option<LastCheck>,
    /// The last 100 states of the window, newest first.
    pub events: Vec<Event>,
    /// How many there were before those.
    pub earlier: usize,
}

/// What is watched, and how.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// The method.
    pub method: String,
    /// The address, without its query.
    pub url: String,
    /// Whether that is the whole address.
    pub is_link: bool,
    /// From one check to the next.
    pub every: String,
    /// How long a check may take.
    pub timeout: String,
    /// `3 of 5`
    pub down: String,
}

/// A figure with its name.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// How much it is.
    pub value: String,
}

/// The last check.
#[derive(Debug, Clone, Serialize)]
pub struct LastCheck {
    /// When it began.
    pub at: Moment,
    /// The state that it alone would speak for.
    pub state: &'static str,
    /// What it found, in a word.
    pub verdict: &'static str,
    /// The status of the answer.
    pub status: Option<u16>,
    /// How long it took.
    pub total: String,
    /// What it spent its time on.
    pub phases: Vec<Phase>,
    /// What became of each expectation.
    pub findings: Vec<Found>,
}

/// A part of a check; `from` and `width` are in percent of the whole.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// What it was.
    pub name: &'static str,
    /// Where it began.
    pub from: String,
    /// How much of the whole it took.
    pub width: String,
    /// How long it took.
    pub shown: String,
}

/// What became of an expectation.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Whether it was met.
    pub ok: bool,
    /// What was looked at.
    pub what: &'static str,
    /// What was wanted.
    pub wanted: String,
    /// What came.
    pub got: String,
}

/// A state and how long it lasted.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When it began.
    pub from: Moment,
    /// How long it lasted.
    pub lasted: String,
    /// The state.
    pub state: &'static str,
    /// Why.
    pub why: String,
}

impl EndpointPage {
    /// The page of `entry` for a window of that name, with what the history has of it.
    pub fn of(
        entry: &Entry,
        window: (&'static str, Window),
        chart: Chart,
        states: &[Interval],
    ) -> EndpointPage {
        let (name, window) = window;
        EndpointPage {
            row: Row::of(entry),
            endpoint: About::of(entry),
            facts: facts(entry, window, states),
            window: name,
            chart,
            last: entry.last().map(|outcome| LastCheck::of(outcome, entry)),
            events: states
                .iter()
                .rev()
                .take(EVENTS)
                .map(|interval| Event::of(interval, window))
                .collect(),
            earlier: states.len().saturating_sub(EVENTS),
        }
    }
}

impl About {
    fn of(entry: &Entry) -> About {
        let endpoint = &entry.endpoint;
        About {
            method: endpoint.method.to_string(),
            url: endpoint.shown_url(),
            is_link: endpoint.is_shown_whole(),
            every: show_duration(endpoint.every),
            timeout: show_duration(endpoint.timeout),
            down: format!("{} of {}", endpoint.rule.failures, endpoint.rule.of),
        }
    }
}

impl LastCheck {
    fn of(outcome: &Outcome, entry: &Entry) -> LastCheck {
        let findings = entry.findings.iter().map(|finding| Found {
            ok: finding.verdict.code() == 0,
            what: finding.expectation,
            wanted: finding.wanted.clone(),
            got: finding.got.clone(),
        });
        LastCheck {
            at: Moment::at(outcome.at),
            state: outcome.verdict.state().as_str(),
            verdict: outcome.verdict.as_str(),
            status: outcome.status,
            total: outcome.phases.total.map(show_latency).unwrap_or_default(),
            phases: phases(outcome),
            findings: findings.collect(),
        }
    }
}

/// The phases one after the other; what is left of the whole is the body's.
fn phases(outcome: &Outcome) -> Vec<Phase> {
    let phases = &outcome.phases;
    let named = [
        ("name", phases.dns),
        ("connect", phases.connect),
        ("TLS", phases.tls),
        ("first byte", phases.first_byte),
    ];
    let known = named.into_iter().filter_map(|(name, took)| Some((name, took?)));
    let spent: u32 = known.clone().map(|(_, took)| took).sum();
    let rest =
        phases.first_byte.and(phases.total).map(|total| ("body", total.saturating_sub(spent)));
    let whole = f64::from(phases.total.unwrap_or(spent).max(spent).max(1));
    let mut begun = 0;
    known
        .chain(rest)
        .map(|(name, took)| {
            let from = f64::from(begun) / whole * 100.0;
            begun += took;
            Phase {
                name,
                from: format!("{from:.1}"),
                width: format!("{:.1}", (f64::from(took) / whole * 100.0).max(0.5)),
                shown: show_latency(took),
            }
        })
        .collect()
}

impl Event {
    fn of(interval: &Interval, window: Window) -> Event {
        Event {
            from: Moment::at(interval.since),
            lasted: show_lasting(interval.until.unwrap_or(window.to) - interval.since),
            state: interval.state.as_str(),
            why: match &interval.cause {
                Some(cause) => cause.clone(),
                None if interval.state == State::Unknown => "nobody looked".to_owned(),
                None => String::new(),
            },
        }
    }
}

fn facts(entry: &Entry, window: Window, states: &[Interval]) -> Vec<Fact> {
    let uptime = Uptime::of(states, window);
    let row = Row::of(entry);
    vec![
        Fact { name: "now", value: row.latency },
        Fact { name: "p50, recent", value: row.p50 },
        Fact { name: "p95, recent", value: row.p95 },
        Fact { name: "uptime", value: uptime.share().map_or("–".to_owned(), show_share) },
        Fact { name: "observed", value: show_share(uptime.coverage()) },
        Fact { name: "down for", value: show_lasting(uptime.down) },
    ]
}
