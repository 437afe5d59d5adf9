//! The access log as lines of text.

use super::writer::LogWriter;
use super::{LogFormat, Record};
use http::{HeaderValue, StatusCode, Version};
use jiff::Timestamp;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

/// How many bytes of lines a loop collects before it hands them on without waiting for its tick.
const PIECE: usize = 16 << 10;

/// The lines of one loop.
#[derive(Debug)]
pub(crate) struct Lines {
    format: LogFormat,
    query: bool,
    writer: LogWriter,
    collected: RefCell<String>,
    clock: SecondClock,
}

impl Lines {
    pub(crate) fn new(format: LogFormat, query: bool, writer: LogWriter) -> Lines {
        let (collected, clock) = (RefCell::default(), SecondClock::default());
        Lines { format, query, writer, collected, clock }
    }

    pub(crate) fn add(&self, record: &Record) {
        let mut text = self.collected.borrow_mut();
        let target = match record.uri.path_and_query() {
            Some(whole) if self.query => whole.as_str(),
            _ => record.uri.path(),
        };
        match self.format {
            LogFormat::Json => json(&mut text, record, target),
            format => {
                self.clock.show(|time| common(&mut text, record, target, time));
                if format == LogFormat::Combined {
                    combine(&mut text, record);
                }
            }
        }
        text.push('\n');
        if text.len() >= PIECE {
            self.writer.write(std::mem::take(&mut *text));
        }
    }

    pub(crate) fn flush(&self) {
        let text = self.collected.take();
        if !text.is_empty() {
            self.writer.write(text);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush();
    }
}

/// `client - - [time] "request" status bytes`
///
/// Piece by piece where a piece is text already: a format is read anew for each line.
fn common(text: &mut String, record: &Record, target: &str, time: &str) {
    match record.client {
        Some(IpAddr::V4(client)) => dotted(text, client),
        Some(client) => infallible(write!(text, "{client}")),
        None => text.push('-'),
    }
    for piece in [" - - [", time, "] \"", record.method.as_str(), " "] {
        text.push_str(piece);
    }
    escape(text, target);
    // 499 is what nginx writes for a client that left before its answer.
    let status = record.status.as_ref().map_or("499", StatusCode::as_str);
    for piece in [" ", version(record.version), "\" ", status, " "] {
        text.push_str(piece);
    }
    infallible(write!(text, "{}", record.bytes));
}

/// An address as its `Display` has it, at a quarter of the cost.
fn dotted(text: &mut String, client: Ipv4Addr) {
    for (at, octet) in client.octets().into_iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let zeros = digits[..2].iter().take_while(|digit| **digit == 0).count();
        text.extend(digits[zeros..].iter().map(|digit| char::from(b'0' + digit)));
    }
}

/// `"referrer" "user agent"`
fn combine(text: &mut String, record: &Record) {
    for value in [&record.referer, &record.user_agent] {
        text.push_str(" \"");
        match value {
            Some(value) => escape(text, value.as_bytes()),
            None => text.push('-'),
        }
        text.push('"');
    }
}

/// What a client sent must not end the line or the quotes that it stands in.
fn escape(text: &mut String, bytes: impl AsRef<[u8]>) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    let mut rest = bytes.as_ref();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len());
        let (plain, others) = rest.split_at(end);
        text.push_str(std::str::from_utf8(plain).expect("plain bytes are ASCII"));
        let Some((byte, others)) = others.split_first() else { return };
        infallible(write!(text, "\\x{byte:02X}"));
        rest = others;
    }
}

fn infallible(written: std::fmt::Result) {
    written.expect("a String takes what it is given");
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/3.0",
    }
}

#[derive(Serialize)]
struct Json<'a> {
    time: Timestamp,
    client: Option<IpAddr>,
    method: &'a str,
    host: Option<std::borrow::Cow<'a, str>>,
    path: &'a str,
    version: &'a str,
    route: Option<&'a str>,
    status: Option<u16>,
    bytes: u64,
    ms: f64,
    aborted: bool,
    referer: Option<std::borrow::Cow<'a, str>>,
    user_agent: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

fn json(text: &mut String, record: &Record, target: &str) {
    fn lossy(value: &Option<HeaderValue>) -> Option<std::borrow::Cow<'_, str>> {
        value.as_ref().map(|value| String::from_utf8_lossy(value.as_bytes()))
    }
    let line = Json {
        time: Timestamp::now(),
        client: record.client,
        method: record.method.as_str(),
        host: lossy(&record.host),
        path: target,
        version: version(record.version),
        route: record.route.as_ref().map(|route| &*route.pattern),
        status: record.status.map(|status| status.as_u16()),
        bytes: record.bytes,
        ms: (record.started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        aborted: !record.complete,
        referer: lossy(&record.referer),
        user_agent: lossy(&record.user_agent),
        id: record.id.as_ref().and_then(|id| id.to_str().ok()),
    };
    text.push_str(&serde_json::to_string(&line).expect("texts and numbers are JSON"));
}

/// The time as the Common Log Format has it, written once a second.
#[derive(Debug, Default)]
struct SecondClock {
    second: Cell<i64>,
    shown: RefCell<String>,
}

impl SecondClock {
    fn show(&self, give: impl FnOnce(&str)) {
        let now = Timestamp::now();
        let mut shown = self.shown.borrow_mut();
        if self.second.replace(now.as_second()) != now.as_second() || shown.is_empty() {
            *shown = now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
        }
        give(&shown);
    }
}

#[cfg(test)]
mod tests {
    use super::{dotted, escape};
    use std::net::Ipv4Addr;

    #[test]
    fn an_address_is_written_as_it_shows_itself() {
        for octet in 0..=255 {
            let client = Ipv4Addr::new(octet, 0, 10, octet / 2);
            let mut text = String::new();
            dotted(&mut text, client);
            assert_eq!(text, client.to_string());
        }
    }

    #[test]
    fn what_is_not_plain_is_written_as_numbers() {
        let mut text = String::new();
        escape(&mut text, b"a\"b\\\n\xff ~");
        assert_eq!(text, r"a\x22b\x5C\x0A\xFF ~");
    }
}
