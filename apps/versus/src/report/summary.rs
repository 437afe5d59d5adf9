//! The short answer: where landspout stands in each scenario.

use super::markdown::cpu;
use crate::catalogue::{Kind, Peer};
use crate::results::{Results, Turns};
use crate::scenario::SCENARIOS;
use std::fmt::Write;

/// Of each kind the peer that is ours.
pub(crate) fn own(kind: Kind) -> &'static str {
    match kind {
        Kind::Http => "landspout",
        Kind::Https => "tls-landspout",
        Kind::WebSocket => "ws-landspout",
        Kind::Client => "client-landspout",
    }
}

/// A row for each scenario: landspout beside the floor, and beside the best of all others.
pub(crate) fn table(results: &Results) -> String {
    let mut text = String::new();
    for scenario in SCENARIOS {
        let (own, floor) = (own(scenario.kind), scenario.kind.floor());
        let Some(ours) = results.turns(scenario.name, own) else { continue };
        let others = results.turns.iter().filter(|turns| {
            turns.scenario == scenario.name && turns.peer != own && !is_bare(scenario.kind, turns)
        });
        let best = others.filter(|turns| cpu(turns).is_finite());
        let best = best.min_by(|a, b| cpu(a).total_cmp(&cpu(b)));
        let ratio = |to: Option<&Turns>| {
            let ratio = to.and_then(|to| ours.ratio(to, |round| round.cpu));
            ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))
        };
        let _ = writeln!(
            text,
            "| `{}` | {:.3} | {} | {} | {} |",
            scenario.name,
            cpu(ours),
            ratio(results.turns(scenario.name, floor)),
            best.map_or("", |best| &best.peer),
            ratio(best),
        );
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n### In short\n\nCPU s per 100 000 of landspout; less than 1 in a ratio is to its favour.\n\n\
         | scenario | landspout | ratio to the floor | the best other | ratio to it |\n\
         |---|--:|--:|---|--:|\n{text}"
    )
}

/// Whether it is the floor of servers or clients, which has no routes, pool, limits or deadlines.
/// Among WebSockets the floor is a library like the others.
fn is_bare(kind: Kind, turns: &Turns) -> bool {
    let bare = [kind.floor(), Peer::FLOOR, Peer::FLOOR_ON_LOOP];
    kind != Kind::WebSocket && bare.contains(&turns.peer.as_str())
}
