//! How long each part took, as a table.

use landspout_client::Timings;
use std::fmt::Write;
use std::time::Duration;

/// A line of the table: a URL, what became of it, and the times.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) url: String,
    pub(crate) outcome: String,
    pub(crate) bytes: u64,
    pub(crate) timings: Timings,
}

const COLUMNS: [&str; 9] =
    ["queue", "proxy", "dns", "connect", "tls", "send", "first byte", "body", "total"];

/// The table, in milliseconds. What did not happen is a dash; columns in which nothing happened are
/// left out.
pub(crate) fn table(rows: &[Row]) -> String {
    let times: Vec<[Option<Duration>; 9]> = rows.iter().map(times).collect();
    let kept: Vec<usize> = (0..COLUMNS.len())
        .filter(|&column| times.iter().any(|row| row[column].is_some()))
        .collect();
    let mut lines: Vec<Vec<String>> = vec![vec!["answer".into(), "bytes".into()]];
    lines[0].extend(kept.iter().map(|&column| COLUMNS[column].to_owned()));
    lines[0].push("reused".into());
    for (row, times) in rows.iter().zip(&times) {
        let mut line = vec![row.outcome.clone(), row.bytes.to_string()];
        line.extend(kept.iter().map(|&column| millis(times[column])));
        line.push(if row.timings.reused { "yes" } else { "no" }.to_owned());
        lines.push(line);
    }
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0))
        .collect();
    let mut table = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            write!(table, "{cell:>width$}  ").expect("a String can be written to");
        }
        table.push_str(if at == 0 { "url (times in ms)" } else { &rows[at - 1].url });
        table.push('\n');
    }
    table
}

fn times(row: &Row) -> [Option<Duration>; 9] {
    let Timings { queue, proxy, dns, connect, tls, send, first_byte, body, total, .. } =
        row.timings;
    [queue, proxy, dns, connect, tls, send, first_byte, body, total]
}

fn millis(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::{Row, table};
    use landspout_client::Timings;
    use std::time::Duration;

    #[test]
    fn columns_stand_below_each_other_and_empty_ones_are_left_out() {
        let mut timings = Timings::default();
        timings.connect = Some(Duration::from_micros(1250));
        timings.total = Some(Duration::from_millis(100));
        let (url, outcome) = ("http://a/".to_owned(), "200".to_owned());
        let first = Row { url, outcome, bytes: 12345, timings };
        timings.connect = None;
        timings.reused = true;
        let (url, outcome) = ("http://b/".to_owned(), "failed".to_owned());
        let second = Row { url, outcome, bytes: 0, timings };
        assert_eq!(
            table(&[first, second]),
            "answer  bytes  connect  total  reused  url (times in ms)\n   \
             200  12345      1.2  100.0      no  http://a/\n\
             failed      0        -  100.0     yes  http://b/\n"
        );
    }
}
