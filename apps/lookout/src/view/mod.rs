//! What the pages and the API show: values made of words, ready to be written.

mod chart;
mod page;
mod row;
mod status;

pub use chart::{Chart, WINDOWS};
pub use page::{EndpointPage, Event, Fact, LastCheck, Phase};
pub use row::{Row, Summary, rows};
pub use status::Status;

use jiff::Timestamp;
use serde::Serialize;

/// A moment, for machines and for people without scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339, in UTC.
    pub iso: String,
    /// The same, shorter.
    pub shown: String,
}

impl Moment {
    /// The moment so many milliseconds after the Unix epoch.
    pub fn at(millis: i64) -> Moment {
        let timestamp = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
        Moment {
            iso: timestamp.to_string(),
            shown: timestamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }
}

/// A latency in microseconds, with three digits at most: `0.8 ms`, `12 ms`, `1.5 s`.
pub fn show_latency(micros: u32) -> String {
    let millis = f64::from(micros) / 1_000.0;
    match millis {
        0.0 => "0 ms".to_owned(),
        millis if millis < 10.0 => format!("{millis:.1} ms"),
        millis if millis < 1_000.0 => format!("{millis:.0} ms"),
        millis => format!("{:.1} s", millis / 1_000.0),
    }
}

/// A share from 0 to 1 in percent. Anything less than all is never shown as all.
pub fn show_share(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 100.0 { "100 %".to_owned() } else { format!("{:.2} %", percent.min(99.99)) }
}

/// How long something lasted, in its two largest units.
pub fn show_lasting(millis: i64) -> String {
    let seconds = millis / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::{show_lasting, show_latency, show_share};

    #[test]
    fn figures_have_few_digits() {
        let latencies = [800, 12_345, 999_000, 1_500_000].map(show_latency);
        assert_eq!(latencies, ["0.8 ms", "12 ms", "999 ms", "1.5 s"]);
        let lasting = [59_000, 61_000, 3_700_000, 90_000_000].map(show_lasting);
        assert_eq!(lasting, ["59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn less_than_all_is_never_shown_as_all() {
        assert_eq!(
            [1.0, 0.999_999, 0.5, 0.0].map(show_share),
            ["100 %", "99.99 %", "50.00 %", "0.00 %"]
        );
    }
}
