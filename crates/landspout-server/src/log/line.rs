//! The access log as lines of text.

use super::writer::LogWriter;
use super::{LogFormat, Record};
use http::{HeaderValue, Version};
use jiff::Timestamp;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::net::IpAddr;

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
fn common(text: &mut String, record: &Record, target: &str, time: &str) {
    match record.client {
        Some(client) => infallible(write!(text, "{client}")),
        None => text.push('-'),
    }
    infallible(write!(text, " - - [{time}] \"{} ", record.method));
    escape(text, target.as_bytes());
    // 499 is what nginx writes for a client that left before its answer.
    let status = record.status.map_or(499, |status| status.as_u16());
    infallible(write!(text, " {}\" {status} {}", version(record.version), record.bytes));
}

/// `"referrer" "user agent"`
fn combine(text: &mut String, record: &Record) {
    for value in [&record.referer, &record.user_agent] {
        text.push_str(" \"");
        escape(text, value.as_ref().map_or(b"-", HeaderValue::as_bytes));
        text.push('"');
    }
}

/// What a client sent must not end the line or the quotes that it stands in.
fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => infallible(write!(text, "\\x{byte:02X}")),
            _ => text.push(char::from(*byte)),
        }
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
