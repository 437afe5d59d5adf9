//! The tables, as Markdown.

use super::summary;
use crate::catalogue::Kind;
use crate::results::{Curve, Participant, Results, Turns};
use crate::round::Round;
use crate::scenario::{SCENARIOS, Scenario};
use std::fmt::Write;

/// A generator or a server that is on its processor for this share of the time has no more to give.
const FULL: f64 = 0.93;

/// All tables.
pub(crate) fn tables(results: &Results) -> String {
    let mut text = head(results) + &summary::table(results);
    for scenario in SCENARIOS {
        let turns: Vec<_> =
            results.turns.iter().filter(|turns| turns.scenario == scenario.name).collect();
        if !turns.is_empty() {
            text += &scenario_table(results, scenario, turns);
        }
    }
    text += &counts_table(results, "instructions", "User-space instructions per request", 0);
    text += &counts_table(results, "allocations", "Allocations per request", 1);
    text += &footprint_table(results);
    text += &curve_tables(results);
    text += &omissions(results);
    text
}

pub(crate) fn head(results: &Results) -> String {
    let (machine, settings) = (&results.machine, &results.settings);
    let peers: Vec<_> =
        results.peers.iter().map(|peer| format!("{} {}", peer.name, peer.version)).collect();
    format!(
        "Measured {} at commit {}, `versus run` in {:?} mode: {} rounds of {} s; servers on core {}, \
         load on core {}.\n\nMachine: {} ({} cores, {:.0} GiB), {}; {}; wrk {}; {}. The load average \
         when the run began was {:.1}.\n\nVersions: {}.\n",
        machine.date,
        machine.commit,
        settings.mode,
        settings.rounds,
        settings.seconds,
        settings.server_core,
        settings.load_core,
        machine.processor,
        machine.cores,
        machine.memory_gib,
        machine.kernel,
        machine.rustc,
        machine.wrk,
        machine.valgrind,
        machine.load_average,
        peers.join(", "),
    )
}

/// Sorted by processor time, least first.
fn scenario_table(results: &Results, scenario: &Scenario, mut turns: Vec<&Turns>) -> String {
    turns.sort_by(|a, b| cpu(a).total_cmp(&cpu(b)));
    let floor = results.turns(scenario.name, scenario.kind.floor());
    let mut text = format!("\n### `{}`: {}\n\n", scenario.name, scenario.title);
    text += "| peer | CPU s per 100 000 | ratio | per second | ratio | p50 µs | p99 µs | peer busy \
             | other side busy | limited by |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
    for turns in turns {
        let ratio = |of: fn(&Round) -> f64| {
            let ratio = floor.and_then(|floor| turns.ratio(floor, of));
            ratio.map_or("".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let latency = |of: fn(&crate::round::Latency) -> f64| {
            let value = turns.median(|round| round.latency.as_ref().map_or(f64::NAN, of));
            if value.is_nan() { String::new() } else { format!("{value:.0}") }
        };
        let _ = writeln!(
            text,
            "| {} | {:.3} | {} | {} | {} | {} | {} | {:.0} % | {:.0} % | {} |",
            turns.peer,
            cpu(turns),
            ratio(|round| round.cpu),
            grouped(turns.median(|round| round.rate)),
            ratio(|round| round.rate),
            latency(|latency| latency.p50),
            latency(|latency| latency.p99),
            turns.median(|round| round.peer_busy) * 100.0,
            turns.median(|round| round.other_busy) * 100.0,
            bottleneck(turns),
        );
    }
    text
}

pub(crate) fn cpu(turns: &Turns) -> f64 {
    turns.median(|round| round.cpu)
}

/// Who had no more to give.
fn bottleneck(turns: &Turns) -> &'static str {
    let server = turns.median(|round| round.peer_busy) >= FULL;
    let load = turns.median(|round| round.other_busy) >= FULL;
    match (server, load) {
        (true, true) => "both",
        (true, false) => "the peer",
        (false, true) => "the other side",
        (false, false) => "neither",
    }
}

/// A row for each peer, a column for each scenario; sorted by the first column.
fn counts_table(results: &Results, metric: &str, title: &str, digits: usize) -> String {
    let value = |scenario: &str, peer: &str| results.figure(metric, scenario, peer);
    let any = |scenario: &&Scenario| {
        results.peers.iter().any(|peer| value(scenario.name, &peer.name).is_some())
    };
    let columns: Vec<_> = SCENARIOS.iter().filter(|it| it.kind == Kind::Http).filter(any).collect();
    let Some(first) = columns.first() else { return String::new() };
    let mut peers: Vec<_> = results
        .peers
        .iter()
        .filter_map(|peer| Some((value(first.name, &peer.name)?, peer)))
        .collect();
    peers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let names: Vec<_> = columns.iter().map(|scenario| scenario.name).collect();
    let mut text = format!("\n### {title}\n\n| peer | {} |\n|---|", names.join(" | "));
    text += &"--:|".repeat(columns.len());
    text.push('\n');
    for (_, peer) in peers {
        let cells = columns.iter().map(|scenario| match value(scenario.name, &peer.name) {
            Some(value) if digits == 0 => grouped(value),
            Some(value) => format!("{value:.digits$}"),
            None => String::new(),
        });
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(text, "| {} | {} |", peer.name, cells.join(" | "));
    }
    text
}

/// What a peer takes at rest: a row for each peer that serves.
fn footprint_table(results: &Results) -> String {
    const COLUMNS: [(&str, &str, &str); 7] = [
        ("bytes per idle connection", "http", "bytes per idle HTTP connection"),
        ("bytes per idle connection", "websocket", "per idle WebSocket"),
        ("bytes per idle connection", "deflate", "per idle WebSocket with compression"),
        ("resident bytes", "start", "bytes before the first connection"),
        ("start milliseconds", "start", "ms to start"),
        ("program bytes", "program", "bytes of the program"),
        ("system calls", "plaintext", "system calls per GET"),
    ];
    let cell = |peer: &str, metric: &str, subject: &str| match results.figure(metric, subject, peer)
    {
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => grouped(value),
        None => String::new(),
    };
    let mut text = String::new();
    for Participant { name, .. } in &results.peers {
        let cells = COLUMNS.map(|(metric, subject, _)| cell(name, metric, subject));
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
    }
    if text.is_empty() {
        return text;
    }
    let names = COLUMNS.map(|(_, _, name)| name).join(" | ");
    let rule = "--:|".repeat(COLUMNS.len());
    format!("\n### At rest\n\n| peer | {names} |\n|---|{rule}\n{text}")
}

/// A table for each thing that grows, with a column for each of its sizes.
fn curve_tables(results: &Results) -> String {
    let mut text = String::new();
    let mut done: Vec<(&str, &str)> = Vec::new();
    for Curve { along, cost, .. } in &results.curves {
        if done.contains(&(along, cost)) {
            continue;
        }
        done.push((along, cost));
        let same: Vec<_> =
            results.curves.iter().filter(|it| it.along == *along && it.cost == *cost).collect();
        let mut sizes: Vec<f64> =
            same.iter().flat_map(|curve| curve.points.iter().map(|point| point.0)).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let names: Vec<_> = sizes.iter().map(|size| grouped(*size)).collect();
        let rule = "--:|".repeat(sizes.len());
        let _ = write!(
            text,
            "\n### {cost}, by {along}\n\n| peer | {} |\n|---|{rule}\n",
            names.join(" | ")
        );
        for curve in same {
            let cells: Vec<_> = sizes.iter().map(|size| point(curve, *size)).collect();
            let _ = writeln!(text, "| {} | {} |", curve.peer, cells.join(" | "));
        }
    }
    text
}

/// The cost at this size, if it was measured.
fn point(curve: &Curve, size: f64) -> String {
    match curve.points.iter().find(|point| point.0 == size) {
        Some((_, cost)) if *cost < 100.0 => format!("{cost:.3}"),
        Some((_, cost)) => grouped(*cost),
        None => String::new(),
    }
}

/// What was left out; peers that were left out of the same for the same reason share a line.
fn omissions(results: &Results) -> String {
    let mut lines: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for omission in &results.omissions {
        let reason = omission.reason.lines().next().unwrap_or_default();
        let same = lines.iter_mut().find(|line| line.0 == omission.subject && line.1 == reason);
        match same {
            Some(line) => line.2.push(&omission.peer),
            None => lines.push((&omission.subject, reason, vec![&omission.peer])),
        }
    }
    let mut text = String::new();
    for (subject, reason, peers) in lines {
        let _ = writeln!(text, "* {subject}: {}: {reason}", peers.join(", "));
    }
    if text.is_empty() { text } else { format!("\n### Not measured\n\n{text}") }
}

/// A whole number with a space between thousands.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7.0), "7");
        assert_eq!(grouped(123_456.4), "123 456");
        assert_eq!(grouped(1_000.0), "1 000");
    }
}
