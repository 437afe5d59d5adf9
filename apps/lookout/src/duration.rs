//! Durations as people write them: `30s`, `1h30m`, `250ms`.

use std::time::Duration;

/// The units, longest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Longer than any sensible setting, and short enough that no sum of two overflows anything.
const LONGEST: u64 = 36_500 * 86_400_000;

/// Reads a duration: whole numbers with the units d, h, m, s and ms, longest first. The last
/// number may have up to three decimals, as in `1.5s`.
///
/// ```
/// use std::time::Duration;
/// use lookout::duration::parse_duration;
///
/// assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5_400)));
/// assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1_500)));
/// assert_eq!(parse_duration("30"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (name, after) = split(after, |c| c.is_ascii_alphabetic());
        let (_, length) = units.find(|(unit, _)| *unit == name)?;
        if number.contains('.') && !after.is_empty() {
            return None;
        }
        total = total.checked_add(thousandths(number)?.checked_mul(*length)? / 1_000)?;
        rest = after;
    }
    (!text.is_empty() && total <= LONGEST).then(|| Duration::from_millis(total))
}

/// Writes a duration in the largest unit that leaves no more than three decimals.
///
/// ```
/// use std::time::Duration;
/// use lookout::duration::show_duration;
///
/// assert_eq!(show_duration(Duration::from_millis(1_500)), "1.5s");
/// assert_eq!(show_duration(Duration::from_secs(5_400)), "1h30m");
/// assert_eq!(show_duration(Duration::from_micros(800)), "0.8ms");
/// ```
pub fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1_000 {
        return format!("{}ms", duration.as_micros() as f64 / 1_000.0);
    }
    if millis < 60_000 {
        return format!("{}s", millis as f64 / 1_000.0);
    }
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, length) in &UNITS[..4] {
        let count = rest / (length / 1_000);
        rest %= length / 1_000;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// `1.5` as 1500.
fn thousandths(number: &str) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "000"));
    if whole.is_empty() || decimals.is_empty() || decimals.len() > 3 {
        return None;
    }
    format!("{whole}{decimals:0<3}").parse().ok()
}
