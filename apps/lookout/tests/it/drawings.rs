//! Bars, curves and charts as path data.

use lookout::draw::{bar, bar_width, scale_top};
use lookout::state::State;
use lookout::store::{Bucket, Interval, Window};
use lookout::view::Chart;
use proptest::prelude::*;

/// The beats that a path covers, read back from its data.
fn beats_of(path: &str) -> Vec<usize> {
    let lines = path.split('M').skip(1);
    lines
        .flat_map(|line| {
            let (from, length) = line.split_once(" 10h").unwrap();
            let (from, length): (usize, usize) = (from.parse().unwrap(), length.parse().unwrap());
            assert_eq!((from % 4, length % 4), (0, 0), "whole beats: {line}");
            from / 4..(from + length) / 4
        })
        .collect()
}

proptest! {
    #[test]
    fn each_beat_of_a_bar_is_drawn_once_in_the_colour_of_its_state(
        codes in prop::collection::vec(0_u8..4, 0..90),
    ) {
        let states: Vec<State> = codes.iter().filter_map(|code| State::from_code(*code)).collect();
        let shown = &states[states.len().saturating_sub(60)..];
        let mut drawn = [""; 60];
        for piece in bar(60, &states) {
            for beat in beats_of(&piece.path) {
                assert_eq!(drawn[beat], "", "beat {beat} is drawn twice");
                drawn[beat] = piece.state;
            }
        }
        let empty = 60 - shown.len();
        assert!(drawn[..empty].iter().all(|state| *state == "empty"));
        let wanted: Vec<&str> = shown.iter().map(|state| state.as_str()).collect();
        assert_eq!(&drawn[empty..], wanted);
    }

    #[test]
    fn a_scale_holds_its_values_and_wastes_at_most_three_fifths(greatest in 1.0..1e9_f64) {
        let top = scale_top(greatest);
        assert!(top >= greatest && top <= 2.5 * greatest, "{greatest} under {top}");
    }
}

#[test]
fn the_bar_of_an_endpoint_that_is_well_is_one_line() {
    let pieces = bar(60, &[State::Up; 60]);
    assert_eq!((pieces.len(), pieces[0].path.as_str()), (1, "M0 10h240"));
    assert_eq!(bar_width(60), 240);
}

fn chart(buckets: &[(i64, Option<u32>)], states: &[Interval]) -> Chart {
    let buckets: Vec<Bucket> = buckets
        .iter()
        .map(|&(at, p50)| Bucket {
            at,
            checks: 1,
            failed: u32::from(p50.is_none()),
            p50,
            p95: p50,
            max: p50,
        })
        .collect();
    Chart::of(Window { from: 0, to: 1_000 }, 100, &buckets, states)
}

#[test]
fn a_chart_breaks_where_there_was_no_answer_and_where_nobody_looked() {
    let parts = |chart: Chart| chart.line.matches('M').count();
    assert_eq!(parts(chart(&[(0, Some(5)), (100, Some(5)), (300, Some(5))], &[])), 1);
    assert_eq!(parts(chart(&[(0, Some(5)), (100, None), (200, Some(5))], &[])), 2);
    assert_eq!(parts(chart(&[(0, Some(5)), (600, Some(5))], &[])), 2);
    assert_eq!(parts(chart(&[], &[])), 0);
}

#[test]
fn a_chart_shows_when_it_was_not_up_and_says_the_same_in_words() {
    let state = |since, until, state| Interval { since, until, state, cause: None };
    let states = [
        state(-500, Some(200), State::Up),
        state(200, Some(400), State::Down),
        state(400, None, State::Slow),
    ];
    let chart = chart(&[(0, Some(3_400)), (200, None)], &states);
    let outages: Vec<_> = chart.outages.iter().map(|piece| (piece.state, &*piece.path)).collect();
    assert_eq!(
        outages,
        [("down", "M160.0 0h160.0v240h-160.0z"), ("slow", "M320.0 0h480.0v240h-480.0z")]
    );
    assert_eq!(chart.label, "2 checks, 1 failed; the median latency was at most 3.4 ms");
    assert_eq!(chart.scale, ["5.0 ms", "3.8 ms", "2.5 ms", "1.2 ms", "0 ms"]);
}
