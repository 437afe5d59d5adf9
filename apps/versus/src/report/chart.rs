//! Charts as SVG. Colours are classes, so that the page chooses them for light and dark.

use crate::round::median;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const NAME: f64 = 150.0;
const VALUE: f64 = 150.0;
const ROW: f64 = 24.0;

/// A bar beyond this many times the median is cut off: else the others could not be told apart.
const CUT: f64 = 3.0;

/// One bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// The value as it is written beside the bar.
    pub(crate) label: String,
    /// Whether it is one of ours.
    pub(crate) is_own: bool,
}

/// Horizontal bars, in the order given. A bar that is cut off has a gap near its end.
pub(crate) fn bars(description: &str, bars: &[Bar]) -> String {
    let height = ROW * bars.len() as f64 + 4.0;
    let middle = median(bars.iter().map(|bar| bar.value)).unwrap_or(0.0);
    let most = bars.iter().map(|bar| bar.value).filter(|value| *value <= middle * CUT);
    let most = most.fold(0.0, f64::max);
    let room = WIDTH - NAME - VALUE;
    let mut svg = open(description, WIDTH, height);
    for (at, bar) in bars.iter().enumerate() {
        let top = ROW * at as f64 + 2.0;
        let middle = top + ROW / 2.0;
        let is_cut = bar.value > most;
        let length = if is_cut { room } else { (bar.value / most * room * 0.86).max(1.0) };
        let class = if bar.is_own { "own" } else { "other" };
        let _ = write!(
            svg,
            "<text class=\"name {class}\" x=\"{x}\" y=\"{middle}\">{name}</text>\
             <rect class=\"{class}\" x=\"{NAME}\" y=\"{y}\" width=\"{length:.1}\" height=\"{h}\" rx=\"2\"/>",
            x = NAME - 8.0,
            y = top + 4.0,
            h = ROW - 8.0,
            name = escaped(&bar.name),
        );
        if is_cut {
            let gap = NAME + room * 0.93;
            let _ = write!(
                svg,
                "<path class=\"gap\" d=\"M{gap} {bottom} l8 -{tall}\"/>",
                bottom = top + ROW - 2.0,
                tall = ROW - 4.0,
            );
        }
        let _ = write!(
            svg,
            "<text class=\"value\" x=\"{x:.1}\" y=\"{middle}\">{label}</text>",
            x = NAME + length + 6.0,
            label = escaped(&bar.label),
        );
    }
    svg + "</svg>"
}

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// The number of its colour; the first is ours.
    pub(crate) colour: usize,
    pub(crate) points: Vec<(f64, f64)>,
}

const TALL: f64 = 300.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;

/// Lines over an axis of orders of magnitude, both ways.
pub(crate) fn lines(description: &str, along: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let across = Axis::over(points().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let up = Axis::over(points().map(|point| point.1), TALL - BOTTOM, TOP);
    let mut svg = open(description, WIDTH, TALL);
    for (value, at) in up.ticks() {
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1} H{end}\"/>\
             <text class=\"tick left\" x=\"{x}\" y=\"{at:.1}\">{value}</text>",
            end = WIDTH - RIGHT,
            x = LEFT - 8.0,
        );
    }
    for (value, at) in across.ticks() {
        let _ = write!(
            svg,
            "<text class=\"tick below\" x=\"{at:.1}\" y=\"{y}\">{value}</text>",
            y = TALL - BOTTOM + 18.0,
        );
    }
    let _ = write!(
        svg,
        "<text class=\"tick below\" x=\"{x}\" y=\"{y}\">{along}</text>",
        x = f64::midpoint(LEFT, WIDTH - RIGHT),
        y = TALL - 6.0,
        along = escaped(along),
    );
    let mut labels = Labels::default();
    for line in lines {
        svg += &drawn(line, &across, &up);
        labels.add(line, &up);
    }
    svg + &labels.drawn() + "</svg>"
}

fn drawn(line: &Line, across: &Axis, up: &Axis) -> String {
    let number = line.colour;
    let places: Vec<_> =
        line.points.iter().map(|(x, y)| (across.place(*x), up.place(*y))).collect();
    let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let mut svg = format!("<path class=\"line c{number}\" d=\"M{}\"/>", path.join(" L"));
    for (x, y) in places {
        let _ = write!(svg, "<circle class=\"c{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
    }
    svg
}

/// The names at the ends of lines, pushed apart where they would overlap.
#[derive(Debug, Default)]
struct Labels(Vec<(f64, usize, String)>);

impl Labels {
    fn add(&mut self, line: &Line, up: &Axis) {
        if let Some((_, y)) = line.points.last() {
            self.0.push((up.place(*y), line.colour, line.name.clone()));
        }
    }

    fn drawn(mut self) -> String {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut svg = String::new();
        let mut free = TOP;
        // Those that would leave the chart at the bottom begin higher up.
        let highest_last = TALL - BOTTOM + 8.0;
        let count = self.0.len();
        for (at, (y, number, name)) in self.0.into_iter().enumerate() {
            let room_below = 16.0 * (count - 1 - at) as f64;
            let y = y.max(free).min(highest_last - room_below);
            free = y + 16.0;
            let _ = write!(
                svg,
                "<text class=\"end c{number}\" x=\"{x}\" y=\"{y:.1}\">{name}</text>",
                x = WIDTH - RIGHT + 10.0,
                name = escaped(&name),
            );
        }
        svg
    }
}

/// An axis of orders of magnitude, from one place of the chart to another.
#[derive(Debug)]
struct Axis {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Axis {
        // Nothing at all has its place one below the least.
        let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let least = logs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // At least an order of magnitude, so that what is flat but for noise is seen to be flat.
        let margin = ((most - least) * 0.06).max((1.0 - (most - least)) / 2.0);
        Axis { least: least - margin, most: most + margin, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let log = if value > 0.0 { value.log10() } else { self.least };
        self.from + (log - self.least) / (self.most - self.least) * (self.to - self.from)
    }

    /// Round values with their places: 1, 2 and 5 of each order, or the orders alone if they are many.
    fn ticks(&self) -> Vec<(String, f64)> {
        let steps: &[f64] = if self.most - self.least > 2.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let orders = (self.least.floor() as i32)..=(self.most.ceil() as i32);
        let values =
            orders.flat_map(|order| steps.iter().map(move |step| step * 10_f64.powi(order)));
        let inside = values.filter(|value| (self.least..=self.most).contains(&value.log10()));
        inside.map(|value| (short(value), self.place(value))).collect()
    }
}

/// A round number in few characters: `20`, `0.05`, `10k`, `2M`.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value if value >= 1.0 => format!("{value:.0}"),
        value => format!("{value:.4}").trim_end_matches('0').to_owned(),
    }
}

fn open(description: &str, width: f64, height: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(description)
    )
}

/// Text as it may stand in a page.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Axis, short};

    #[test]
    fn round_numbers_are_short() {
        assert_eq!(
            [short(20.0), short(0.05), short(10_000.0), short(2e6)],
            ["20", "0.05", "10k", "2M"]
        );
    }

    #[test]
    fn an_axis_has_its_ends_inside_and_its_ticks_between() {
        let axis = Axis::over([10.0, 1000.0].into_iter(), 0.0, 100.0);
        assert!(axis.place(10.0) > 0.0 && axis.place(1000.0) < 100.0);
        assert!((axis.place(100.0) - 50.0).abs() < 1e-9);
        let names: Vec<_> = axis.ticks().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["10", "100", "1000"]);
    }
}
