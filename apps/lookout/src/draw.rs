//! Pictures as numbers: the heartbeat bar, the small curve and the chart, as SVG path data.
//!
//! Everything is drawn in the units of a `viewBox`; how large it is on the page, and in which
//! colours, is the style sheet's business.

use std::fmt::Write;

use serde::Serialize;

use crate::state::State;

/// One shape of a picture, in the colour of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The state, as the style sheet names it.
    pub state: &'static str,
    /// SVG path data.
    pub path: String,
}

/// The width of one heartbeat with the gap behind it. The style sheet makes dashes of that length
/// of the lines.
const STEP: usize = 4;

/// How wide the bar of so many heartbeats is.
pub fn bar_width(beats: usize) -> usize {
    beats * STEP
}

/// Draws heartbeats from left to right: neighbours of one state are one line, and the lines of one
/// state one path. So an endpoint that is well is a single line, and a page of a thousand rows is
/// ten times smaller than with sixty shapes in each. The first `beats - states.len()` places,
/// which have no check yet, are `empty`.
///
/// ```
/// use lookout::draw::bar;
/// use lookout::state::State;
///
/// let pieces = bar(5, &[State::Up, State::Up, State::Down, State::Up]);
/// let shapes: Vec<_> = pieces.iter().map(|piece| (piece.state, &*piece.path)).collect();
/// assert_eq!(shapes, [("empty", "M0 10h4"), ("up", "M4 10h8M16 10h4"), ("down", "M12 10h4")]);
/// ```
pub fn bar(beats: usize, states: &[State]) -> Vec<Piece> {
    let shown = &states[states.len().saturating_sub(beats)..];
    let mut at = beats - shown.len();
    let mut pieces = Vec::new();
    if at > 0 {
        pieces.push(Piece { state: "empty", path: beat_line(0, at) });
    }
    for run in shown.chunk_by(|one, next| one == next) {
        let (state, path) = (run[0].as_str(), beat_line(at, run.len()));
        match pieces.iter_mut().find(|piece| piece.state == state) {
            Some(piece) => piece.path.push_str(&path),
            None => pieces.push(Piece { state, path }),
        }
        at += run.len();
    }
    pieces
}

fn beat_line(at: usize, beats: usize) -> String {
    format!("M{} 10h{}", at * STEP, beats * STEP)
}

/// A picture's size, in its own units.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// Draws values from left to right, spread over the whole width, as one line; `None` breaks it.
/// The height is that of the greatest value `top`.
pub fn line(size: Size, top: f64, points: &[(f64, Option<f64>)]) -> String {
    let mut path = String::new();
    let mut broken = true;
    for (x, value) in points {
        let Some(value) = value else {
            broken = true;
            continue;
        };
        let (x, y) = (x * size.width, height_of(size, top, *value));
        let verb = if broken { 'M' } else { 'L' };
        // A lone point is a line of no length, which round ends would show; draw it as a dash.
        let dash = if broken { "h0.5" } else { "" };
        write!(path, "{verb}{x:.1} {y:.1}{dash}").expect("a String takes what it is given");
        broken = false;
    }
    path
}

/// Draws the area between a lower and an upper value, in closed shapes where `None` breaks it.
pub fn band(size: Size, top: f64, points: &[(f64, Option<(f64, f64)>)]) -> String {
    let mut path = String::new();
    for run in points.split(|(_, values)| values.is_none()) {
        let corner = |x: f64, value: f64| {
            format!("{:.1} {:.1}", x * size.width, height_of(size, top, value))
        };
        let upper = run.iter().filter_map(|(x, values)| Some(corner(*x, (*values)?.1)));
        let lower = run.iter().rev().filter_map(|(x, values)| Some(corner(*x, (*values)?.0)));
        let corners: Vec<String> = upper.chain(lower).collect();
        if !corners.is_empty() {
            write!(path, "M{}z", corners.join("L")).expect("a String takes what it is given");
        }
    }
    path
}

/// Draws a stretch of time over the whole height; `from` and `to` are shares of the width.
pub fn stretch(size: Size, from: f64, to: f64) -> String {
    let x = from.clamp(0.0, 1.0) * size.width;
    // Something that happened is never too short to be seen.
    let width = (to.clamp(0.0, 1.0) * size.width - x).max(1.0);
    format!("M{x:.1} 0h{width:.1}v{height}h-{width:.1}z", height = size.height)
}

/// The top of a scale: the next of 1, 2, 5, 10, 20, … that is not below the greatest value.
///
/// ```
/// use lookout::draw::scale_top;
///
/// assert_eq!(scale_top(3_400.0), 5_000.0);
/// assert_eq!(scale_top(0.0), 1.0);
/// ```
pub fn scale_top(greatest: f64) -> f64 {
    let mut power = 1.0;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if step * power >= greatest {
                return step * power;
            }
        }
        power *= 10.0;
    }
}

/// Where a value lies, from the top; a little below it, so that no line is cut.
fn height_of(size: Size, top: f64, value: f64) -> f64 {
    let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    1.0 + (size.height - 2.0) * (1.0 - share)
}

#[cfg(test)]
mod tests {
    use super::{Size, band, line, stretch};

    const SIZE: Size = Size { width: 100.0, height: 12.0 };

    #[test]
    fn a_missing_value_breaks_the_line() {
        let points = [(0.0, Some(0.0)), (0.5, Some(10.0)), (0.6, None), (1.0, Some(5.0))];
        assert_eq!(line(SIZE, 10.0, &points), "M0.0 11.0h0.5L50.0 1.0M100.0 6.0h0.5");
    }

    #[test]
    fn a_band_goes_along_the_top_and_back_along_the_bottom() {
        let points = [(0.0, Some((0.0, 10.0))), (1.0, Some((5.0, 5.0)))];
        assert_eq!(band(SIZE, 10.0, &points), "M0.0 1.0L100.0 6.0L100.0 6.0L0.0 11.0z");
        assert_eq!(band(SIZE, 10.0, &[(0.0, None)]), "");
    }

    #[test]
    fn what_happened_is_wide_enough_to_be_seen() {
        assert_eq!(stretch(SIZE, 0.5, 0.5), "M50.0 0h1.0v12h-1.0z");
        assert_eq!(stretch(SIZE, -1.0, 0.25), "M0.0 0h25.0v12h-25.0z");
    }
}
