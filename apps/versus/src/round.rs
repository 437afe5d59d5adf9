//! One turn of one peer: what was done, and what it cost.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a load generator did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    /// Requests, messages or deliveries.
    pub(crate) count: u64,
    pub(crate) elapsed: Duration,
    /// Its own time on a processor.
    pub(crate) cpu: Duration,
    /// Microseconds, where the generator tells them.
    pub(crate) latency: Option<Latency>,
}

/// Response times in microseconds, of a load that sends as fast as it can.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// One turn of one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Requests, messages or deliveries a second.
    pub(crate) rate: f64,
    /// Seconds of the peer's processor for 100 000 of them.
    pub(crate) cpu: f64,
    /// How much of the time the peer was on its processor, from 0 to 1.
    pub(crate) peer_busy: f64,
    /// The same of the other side: the load generator, or the server of a client.
    pub(crate) other_busy: f64,
    pub(crate) latency: Option<Latency>,
    /// The machine's load average then.
    pub(crate) load_average: f64,
}

impl Round {
    /// The round of a server that used so much time on its processor.
    pub(crate) fn of_server(done: &Done, server: Duration, load_average: f64) -> Round {
        Round::new(done, server, done.cpu, load_average)
    }

    /// The round of a client, whose server used so much time on its processor.
    pub(crate) fn of_client(done: &Done, server: Duration, load_average: f64) -> Round {
        Round::new(done, done.cpu, server, load_average)
    }

    fn new(done: &Done, peer: Duration, other: Duration, load_average: f64) -> Round {
        let seconds = done.elapsed.as_secs_f64();
        let count = done.count as f64;
        Round {
            rate: count / seconds,
            cpu: peer.as_secs_f64() / count * 100_000.0,
            peer_busy: peer.as_secs_f64() / seconds,
            other_busy: other.as_secs_f64() / seconds,
            latency: done.latency,
            load_average,
        }
    }
}

/// The middle of the values, or the mean of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_middle_two() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0, 1.0, f64::NAN, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
