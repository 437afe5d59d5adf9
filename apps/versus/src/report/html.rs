//! The page: the same numbers as charts, in one file that needs nothing else.

use super::chart::{Bar, Line, bars, escaped, lines};
use super::markdown::{self, grouped};
use super::summary::own;
use crate::catalogue::Kind;
use crate::results::{Curve, Results, Turns};
use crate::scenario::{SCENARIOS, Scenario};

/// The whole page.
pub(crate) fn page(results: &Results) -> String {
    let mut body = format!("<h1>landspout, side by side</h1>{}", intro(results));
    body += "<h2>Processor time</h2><p>Seconds of the peer’s processor for 100 000 requests, messages or \
             deliveries: less is better. Medians of all rounds; beside them the rate that was reached.</p>";
    for scenario in SCENARIOS {
        body += &scenario_chart(results, scenario);
    }
    body += "<h2>Counted, not timed</h2><p>What one request costs; load on the machine changes nothing \
             in it.</p>";
    for (metric, title) in COUNTED {
        body += &counted(results, metric, title);
    }
    body += "<h2>At rest</h2>";
    for (metric, subject, title) in AT_REST {
        body += &figure_chart(results, metric, subject, title);
    }
    body += &curves(results);
    let tables = escaped(&markdown::tables(results));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>landspout, side by side</title><style>{STYLE}</style></head><body><main>{body}\
         <h2>All numbers</h2><details><summary>The tables as Markdown</summary><pre>{tables}</pre>\
         </details></main></body></html>\n"
    )
}

const COUNTED: [(&str, &str); 3] = [
    ("instructions", "User-space instructions"),
    ("allocations", "Allocations"),
    ("system calls", "System calls"),
];

const AT_REST: [(&str, &str, &str); 6] = [
    ("bytes per idle connection", "http", "Memory of an idle HTTP connection, in bytes"),
    ("bytes per idle connection", "websocket", "Memory of an idle WebSocket, in bytes"),
    (
        "bytes per idle connection",
        "deflate",
        "Memory of an idle WebSocket with compression, in bytes",
    ),
    ("resident bytes", "start", "Memory before the first connection, in bytes"),
    ("start milliseconds", "start", "From the start until it takes connections, in milliseconds"),
    ("program bytes", "program", "The program without symbols, in bytes"),
];

fn intro(results: &Results) -> String {
    let text = markdown::head(results);
    text.split("\n\n").map(|paragraph| format!("<p>{}</p>", escaped(paragraph.trim()))).collect()
}

fn scenario_chart(results: &Results, scenario: &Scenario) -> String {
    let mut turns: Vec<&Turns> =
        results.turns.iter().filter(|turns| turns.scenario == scenario.name).collect();
    let cpu = |turns: &Turns| turns.median(|round| round.cpu);
    turns.retain(|turns| cpu(turns).is_finite());
    turns.sort_by(|a, b| cpu(a).total_cmp(&cpu(b)));
    let bar = |turns: &&Turns| Bar {
        name: turns.peer.clone(),
        value: cpu(turns),
        label: format!("{:.3} s · {}/s", cpu(turns), grouped(turns.median(|round| round.rate))),
        is_own: is_own(&turns.peer),
    };
    section(scenario.title, &turns.iter().map(bar).collect::<Vec<_>>())
}

fn counted(results: &Results, metric: &str, title: &str) -> String {
    let charts = SCENARIOS.iter().map(|scenario| {
        figure_chart(results, metric, scenario.name, &format!("{title}: {}", scenario.title))
    });
    charts.collect()
}

fn figure_chart(results: &Results, metric: &str, subject: &str, title: &str) -> String {
    let figures = results.figures.iter();
    let mut found: Vec<_> =
        figures.filter(|it| it.metric == metric && it.subject == subject).collect();
    found.sort_by(|a, b| a.value.total_cmp(&b.value));
    let bar = |figure: &&crate::results::Figure| Bar {
        name: figure.peer.clone(),
        value: figure.value,
        label: if figure.value < 100.0 {
            format!("{:.1}", figure.value)
        } else {
            grouped(figure.value)
        },
        is_own: is_own(&figure.peer),
    };
    section(title, &found.iter().map(bar).collect::<Vec<_>>())
}

fn section(title: &str, all: &[Bar]) -> String {
    if all.is_empty() {
        return String::new();
    }
    format!("<section><h3>{}</h3>{}</section>", escaped(title), bars(title, all))
}

fn curves(results: &Results) -> String {
    let mut page = String::new();
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for Curve { along, cost, .. } in &results.curves {
        if !kinds.contains(&(along, cost)) {
            kinds.push((along, cost));
        }
    }
    for (along, cost) in kinds {
        let same = results.curves.iter().filter(|it| it.along == along && it.cost == cost);
        let line = |curve: &Curve| Line {
            name: curve.peer.clone(),
            colour: colour(&curve.peer),
            points: curve.points.clone(),
        };
        let title = format!("{cost}, by {along}");
        let chart = lines(&title, along, &same.map(line).collect::<Vec<_>>());
        page += &format!("<section><h3>{}</h3>{chart}</section>", escaped(&title));
    }
    if page.is_empty() { page } else { format!("<h2>How cost grows</h2>{page}") }
}

/// A peer has the same colour in all charts.
fn colour(peer: &str) -> usize {
    const COLOURED: [&str; 7] = ["landspout", "hyper", "axum", "actix", "xitca", "ntex", "salvo"];
    let known = COLOURED.iter().position(|name| peer.contains(name));
    // Among WebSockets fastwebsockets is what hyper is among servers.
    known.unwrap_or(1)
}

fn is_own(peer: &str) -> bool {
    [Kind::Http, Kind::Https, Kind::WebSocket, Kind::Client].map(own).contains(&peer)
}

const STYLE: &str = "
:root { color-scheme: light dark; --paper: #fbfbf9; --ink: #1d2327; --faint: #6a747b; --rule: #d9dddf;
  --own: #0f766e; --other: #b4bcc2; --c0: #0f766e; --c1: #b45309; --c2: #4f5fc4; --c3: #a3386f;
  --c4: #5f7d1c; --c5: #7c4a1e; --c6: #39738f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181b; --ink: #e4e8ea; --faint: #98a3aa;
  --rule: #2d353a; --own: #2dd4bf; --other: #4b565e; --c0: #2dd4bf; --c1: #f0a04b; --c2: #9aa6ff;
  --c3: #ee8fbf; --c4: #b4d455; --c5: #d9a679; --c6: #7cc4e4; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 24px 20px 80px; }
h1 { font-size: 1.8rem; margin: 0 0 8px; } h2 { margin: 48px 0 4px; font-size: 1.35rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0 0 6px; }
p { color: var(--faint); margin: 6px 0; font-size: .92rem; }
section { margin: 22px 0; } svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); dominant-baseline: middle; }
svg .name { text-anchor: end; } svg .name.own { font-weight: 700; fill: var(--own); }
svg .value, svg .tick { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
rect.own { fill: var(--own); } rect.other { fill: var(--other); }
.gap { stroke: var(--paper); stroke-width: 5; fill: none; }
.grid { stroke: var(--rule); stroke-width: 1; } .tick.left { text-anchor: end; }
.tick.below { text-anchor: middle; } .line { fill: none; stroke-width: 2; }
path.c0 { stroke: var(--c0); } circle.c0, text.c0 { fill: var(--c0); } text.c0 { font-weight: 700; }
path.c1 { stroke: var(--c1); } circle.c1, text.c1 { fill: var(--c1); }
path.c2 { stroke: var(--c2); } circle.c2, text.c2 { fill: var(--c2); }
path.c3 { stroke: var(--c3); } circle.c3, text.c3 { fill: var(--c3); }
path.c4 { stroke: var(--c4); } circle.c4, text.c4 { fill: var(--c4); }
path.c5 { stroke: var(--c5); } circle.c5, text.c5 { fill: var(--c5); }
path.c6 { stroke: var(--c6); } circle.c6, text.c6 { fill: var(--c6); }
details pre { overflow-x: auto; font-size: 12px; } summary { cursor: pointer; }
";
