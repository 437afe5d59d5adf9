//! One endpoint in the list, and the sentence above the list.

use serde::Serialize;

use super::{Moment, show_latency, show_share};
use crate::board::Entry;
use crate::draw::{self, Piece, Size};
use crate::outcome::Outcome;
use crate::state::State;
use crate::store::percentile;

/// So many checks are in the bar and in the curve.
const BEATS: usize = 60;
const CURVE: Size = Size { width: 120.0, height: 28.0 };

/// So many characters of an error are in the list: two lines, or four on a phone.
const SHOWN: usize = 160;

/// A figure that is not known yet.
const NONE: &str = "–";

/// One endpoint in the list.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its group, if it has one.
    pub group: Option<String>,
    /// Its state, in a word.
    pub state: &'static str,
    /// Since when.
    pub since: Option<Moment>,
    /// Where it stands in the list: worst first, then by name.
    pub rank: String,
    /// What a filter looks at.
    pub words: String,
    /// The last latency.
    pub latency: String,
    /// The share of the known time of the last 24 hours in which it was not down.
    pub uptime: String,
    /// The share of the 24 hours that is known, if that is not all.
    pub observed: Option<String>,
    /// The latency that half of the recent checks did not exceed.
    pub p50: String,
    /// The latency that 95 of 100 did not exceed.
    pub p95: String,
    /// The recent checks, as a row of beats.
    pub bar: Bar,
    /// The recent latencies, as a curve.
    pub curve: Curve,
    /// What went wrong last.
    pub error: Option<Failure>,
}

/// The recent checks as a row of beats.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    /// The width of its `viewBox`.
    pub width: usize,
    /// Its shapes, one for each state that occurs.
    pub pieces: Vec<Piece>,
    /// The same in words.
    pub label: String,
}

/// The recent latencies as a curve.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// SVG path data.
    pub line: String,
    /// The same in words.
    pub label: String,
}

/// What went wrong, and when.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// When the check began.
    pub at: Moment,
    /// Why it failed, cut to what fits under a name.
    pub text: String,
    /// The whole of it, if that was cut.
    pub whole: Option<String>,
}

impl Failure {
    fn of(outcome: &Outcome) -> Failure {
        let whole = outcome.reason.as_deref().unwrap_or_default();
        let end = whole.char_indices().nth(SHOWN).map(|(end, _)| end);
        Failure {
            at: Moment::at(outcome.at),
            text: end.map_or(whole.to_owned(), |end| format!("{} …", &whole[..end])),
            whole: end.map(|_| whole.to_owned()),
        }
    }
}

impl Row {
    /// The row of an endpoint.
    pub fn of(entry: &Entry) -> Row {
        let endpoint = &entry.endpoint;
        let latencies = entry.latencies();
        let figure = |percent| shown_or_none(percentile(&latencies, percent));
        let coverage = entry.uptime.map(|uptime| uptime.coverage());
        Row {
            id: endpoint.id.clone(),
            name: endpoint.name.clone(),
            group: endpoint.group.clone(),
            state: entry.state().as_str(),
            since: entry.since.map(Moment::at),
            rank: format!(
                "{} {} {}",
                badness(entry.state()),
                endpoint.name.to_lowercase(),
                endpoint.id
            ),
            words: words(entry),
            latency: shown_or_none(entry.last().and_then(Outcome::latency)),
            uptime: match entry.uptime.and_then(|uptime| uptime.share()) {
                Some(share) => show_share(share),
                None => NONE.to_owned(),
            },
            observed: coverage.filter(|coverage| *coverage < 0.999).map(show_share),
            p50: figure(50),
            p95: figure(95),
            bar: bar(entry),
            curve: curve(entry),
            error: entry.last_failure.as_ref().map(Failure::of),
        }
    }
}

/// All rows, worst first, then by name.
pub fn rows(entries: &[Entry]) -> Vec<Row> {
    let mut rows: Vec<Row> = entries.iter().map(Row::of).collect();
    rows.sort_by(|a, b| a.rank.cmp(&b.rank));
    rows
}

/// The sentence above the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The worst state of all.
    pub state: &'static str,
    /// `2 of 148 are down, 1 is slow`
    pub sentence: String,
    /// The same for the title of a window.
    pub short: String,
}

impl Summary {
    /// Sums up all endpoints.
    pub fn of(entries: &[Entry]) -> Summary {
        let count = |state| entries.iter().filter(|entry| entry.state() == state).count();
        let all = entries.len();
        let checked = entries.iter().filter(|entry| entry.checked()).count();
        let troubles: Vec<(State, usize)> = [State::Down, State::Slow, State::Unknown]
            .into_iter()
            .map(|state| (state, count(state)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let Some(&(worst, number)) = troubles.first() else {
            let sentence =
                if all == 1 { "It is up".to_owned() } else { format!("All {all} are up") };
            return Summary { state: "up", sentence, short: "all up".to_owned() };
        };
        if worst == State::Unknown && checked < all {
            let sentence = format!("First round under way, {checked} of {all} checked");
            return Summary { state: "unknown", sentence, short: "checking".to_owned() };
        }
        let mut sentence = if all == 1 {
            format!("It is {worst}")
        } else {
            format!("{number} of {all} {} {worst}", verb(number))
        };
        for (state, number) in &troubles[1..] {
            sentence.push_str(&format!(", {number} {} {state}", verb(*number)));
        }
        Summary { state: worst.as_str(), sentence, short: format!("{number} {worst}") }
    }
}

fn verb(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// The order of the list.
fn badness(state: State) -> u8 {
    match state {
        State::Down => 0,
        State::Slow => 1,
        State::Unknown => 2,
        State::Up => 3,
    }
}

fn words(entry: &Entry) -> String {
    let endpoint = &entry.endpoint;
    let group = endpoint.group.as_deref().unwrap_or_default();
    format!("{} {group} {} {} {}", endpoint.name, endpoint.id, endpoint.shown_url(), entry.state())
}

fn shown_or_none(latency: Option<u32>) -> String {
    latency.map_or(NONE.to_owned(), show_latency)
}

fn bar(entry: &Entry) -> Bar {
    let first = entry.recent.len().saturating_sub(BEATS);
    let states: Vec<State> =
        entry.recent.iter().skip(first).map(|outcome| outcome.verdict.state()).collect();
    let count = |state| states.iter().filter(|shown| **shown == state).count();
    let label = format!(
        "the last {} checks: {} good, {} slow, {} failed",
        states.len(),
        count(State::Up),
        count(State::Slow),
        count(State::Down)
    );
    Bar { width: draw::bar_width(BEATS), pieces: draw::bar(BEATS, &states), label }
}

fn curve(entry: &Entry) -> Curve {
    let first = entry.recent.len().saturating_sub(BEATS);
    let latencies: Vec<Option<u32>> =
        entry.recent.iter().skip(first).map(Outcome::latency).collect();
    let known = latencies.iter().flatten();
    let (Some(least), Some(greatest)) = (known.clone().min(), known.max()) else {
        return Curve { line: String::new(), label: "no latency is known".to_owned() };
    };
    let empty = BEATS - latencies.len();
    let points: Vec<(f64, Option<f64>)> = latencies
        .iter()
        .enumerate()
        .map(|(at, latency)| ((empty + at) as f64 / (BEATS - 1) as f64, latency.map(f64::from)))
        .collect();
    let label = format!("latency between {} and {}", show_latency(*least), show_latency(*greatest));
    Curve { line: draw::line(CURVE, f64::from(*greatest), &points), label }
}
