//! `/metrics`, read by a parser that takes nothing but `OpenMetrics` 1.0 text.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::header::CONTENT_TYPE;
use lookout::outcome::Verdict;
use lookout::store::Uptime;

use crate::site::Site;

/// Samples by name and labels, the labels sorted: `lookout_checks_total{endpoint="e0"}`
type Samples = BTreeMap<String, f64>;

/// Reads an exposition as section 3 of the specification has it, as far as gauges and counters go.
fn parse(text: &str) -> Result<Samples, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it ends with # EOF and a line feed")?;
    let mut families: HashMap<&str, &str> = HashMap::new();
    let mut family = "";
    let mut described = HashSet::new();
    let mut samples = Samples::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let rest = words.next().ok_or(format!("unfinished: {line}"))?;
            if name != family && families.contains_key(name) {
                return Err(format!("families are not interleaved: {line}"));
            }
            family = name;
            if !described.insert((what.to_owned(), name.to_owned())) {
                return Err(format!("said twice: {line}"));
            }
            match what {
                "TYPE" if ["gauge", "counter"].contains(&rest) => drop(families.insert(name, rest)),
                "UNIT" if name.ends_with(&format!("_{rest}")) => {}
                "HELP" if !rest.is_empty() => {}
                _ => return Err(format!("not a metadata line: {line}")),
            }
        } else {
            let (name, labels, value) = sample(line)?;
            let kind = families.get(family).ok_or(format!("no type before {line}"))?;
            let wanted =
                if *kind == "counter" { format!("{family}_total") } else { family.to_owned() };
            if name != wanted {
                return Err(format!("{name} is no sample of the {kind} {family}"));
            }
            if *kind == "counter" && (value.is_nan() || value < 0.0) {
                return Err(format!("a counter is not negative: {line}"));
            }
            if samples.insert(format!("{name}{{{labels}}}"), value).is_some() {
                return Err(format!("twice the same: {line}"));
            }
        }
    }
    Ok(samples)
}

fn sample(line: &str) -> Result<(&str, String, f64), String> {
    let end = line.find(['{', ' ']).ok_or(format!("no value: {line}"))?;
    let (name, mut rest) = line.split_at(end);
    let first = name.chars().next().ok_or(format!("no name: {line}"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if first.is_ascii_digit() || !name.chars().all(plain) {
        return Err(format!("not a name: {name}"));
    }
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").ok_or(format!("no label: {line}"))?;
            let end = closing_quote(after).ok_or(format!("no end of a label: {line}"))?;
            if labels.insert(label.to_owned(), after[..end].to_owned()).is_some() {
                return Err(format!("a label twice: {line}"));
            }
            rest = &after[end + 1..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').ok_or(format!("one space before the value: {line}"))?;
    let value = value.parse().map_err(|_| format!("not a number: {line}"))?;
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{v}\"")).collect();
    Ok((name, labels.join(","), value))
}

/// The place of the first quote that is not escaped; only `\\`, `\"` and `\n` are escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at),
            '\\' if !matches!(chars.next()?.1, '\\' | '"' | 'n') => return None,
            _ => {}
        }
    }
    None
}

async fn read(site: &Site) -> Samples {
    let mut response = site.client().get("/metrics").send().await.unwrap();
    assert_eq!(
        response.header(CONTENT_TYPE),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    parse(&response.text().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "local")]
async fn the_figures_are_those_of_the_board() {
    let site = Site::with(2);
    site.take(0, Verdict::Ok);
    site.take(0, Verdict::Slow);
    let uptime = Uptime { up: 3, slow: 0, down: 1, window: 4 };
    site.board.take_uptimes(&[("e0".to_owned(), uptime)].into());
    site.board.note_start(lookout::clock::wall(), 1_500, 4);
    let samples = read(&site).await;
    for (name, value) in [
        ("lookout_endpoint_up{endpoint=\"e0\"}", 1.0),
        ("lookout_endpoint_up{endpoint=\"e1\"}", 0.0),
        ("lookout_endpoint_state{endpoint=\"e0\",state=\"up\"}", 1.0),
        ("lookout_endpoint_state{endpoint=\"e1\",state=\"unknown\"}", 1.0),
        ("lookout_endpoint_uptime_ratio{endpoint=\"e0\",window=\"24h\"}", 0.75),
        ("lookout_endpoint_latency_seconds{endpoint=\"e0\",phase=\"total\"}", 0.012),
        ("lookout_checks_total{endpoint=\"e0\",verdict=\"ok\"}", 1.0),
        ("lookout_checks_total{endpoint=\"e0\",verdict=\"slow\"}", 1.0),
        ("lookout_checks_total{endpoint=\"e0\",verdict=\"failed\"}", 0.0),
        ("lookout_skipped_rounds_total{}", 4.0),
        ("lookout_start_lag_seconds{}", 1.5),
        ("lookout_store_dropped_total{}", 0.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name} in {samples:#?}");
    }
    for name in ["lookout_loop_busy_ratio{}", "lookout_store_written_total{}"] {
        assert!(samples.contains_key(name), "{name} in {samples:#?}");
    }
    assert!(!samples.keys().any(|name| name.contains("latency") && name.contains("e1")));
}

#[tokio::test(flavor = "local")]
async fn an_endpoint_is_in_one_state_at_a_time() {
    let site = Site::with(1);
    for verdict in [Verdict::NotMeasured, Verdict::Ok, Verdict::Failed, Verdict::Failed] {
        site.take(0, verdict);
        let samples = read(&site).await;
        let states = samples.iter().filter(|(name, _)| name.starts_with("lookout_endpoint_state"));
        assert_eq!(states.map(|(_, value)| value).sum::<f64>(), 1.0);
    }
}

#[test]
fn the_parser_is_strict() {
    let fine = "# TYPE a gauge\na{b=\"\\\"\\\\\"} 1\n# EOF\n";
    assert_eq!(parse(fine).unwrap().len(), 1);
    for broken in [
        "# TYPE a gauge\na 1\n",
        "a 1\n# EOF\n",
        "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a gauge\na  1\n# EOF\n",
        "# TYPE a gauge\na{b=\"\\t\"} 1\n# EOF\n",
        "# TYPE a gauge\na 1\na 1\n# EOF\n",
        "# TYPE a gauge\na one\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n",
    ] {
        parse(broken).unwrap_err();
    }
}
