//! The settings that `[defaults]` and `[[endpoint]]` share, merged key by key.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use toml::Spanned;
use toml::de::DeValue;

use super::Surroundings;
use super::section::{Section, Setting, integer};
use crate::expect::Statuses;

const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 86_400);
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(600);
const RETRY: RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(30 * 86_400);
const LATENCY: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(600);

/// No rule looks further back than this many checks.
const WINDOW: usize = 60;

/// Headers that belong to the connection and are written by the client itself.
const RESERVED: [&str; 6] =
    ["connection", "content-length", "keep-alive", "te", "transfer-encoding", "upgrade"];

/// What was written; `None` where nothing was.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) every: Option<Setting<Duration>>,
    pub(super) timeout: Option<Setting<Duration>>,
    pub(super) retry: Option<Setting<Duration>>,
    pub(super) down: Option<Setting<(usize, usize)>>,
    pub(super) up: Option<Setting<usize>>,
    pub(super) headers: HeaderMap,
    pub(super) status: Option<Setting<Statuses>>,
    pub(super) contains: Option<Setting<String>>,
    pub(super) lacks: Option<Setting<String>>,
    pub(super) slow: Option<Setting<Duration>>,
    pub(super) fail: Option<Setting<Duration>>,
}

impl Settings {
    /// Takes the shared settings out of a section.
    pub(super) fn take(section: &mut Section<'_, '_>, around: &Surroundings<'_>) -> Settings {
        let mut settings = Settings {
            every: section.duration("every", EVERY),
            timeout: section.duration("timeout", TIMEOUT),
            retry: section.duration("retry", RETRY),
            down: section.parsed("down", "such as \"3 of 5\", at most \"60 of 60\"", some_of),
            up: section.parsed("up", "such as \"2 in a row\", at most 60", in_a_row),
            ..Settings::default()
        };
        if let Some(headers) = section.section("headers", "\"headers\"") {
            settings.headers = take_headers(headers, around);
        }
        if let Some(mut expect) = section.section("expect", "\"expect\"") {
            settings.take_expect(&mut expect);
            expect.finish();
        }
        settings
    }

    /// These settings, with those of `defaults` where nothing was written.
    pub(super) fn or(&self, defaults: &Settings) -> Settings {
        let own = self.clone();
        let defaults = defaults.clone();
        let mut headers = defaults.headers;
        headers.extend(own.headers);
        Settings {
            every: own.every.or(defaults.every),
            timeout: own.timeout.or(defaults.timeout),
            retry: own.retry.or(defaults.retry),
            down: own.down.or(defaults.down),
            up: own.up.or(defaults.up),
            headers,
            status: own.status.or(defaults.status),
            contains: own.contains.or(defaults.contains),
            lacks: own.lacks.or(defaults.lacks),
            slow: own.slow.or(defaults.slow),
            fail: own.fail.or(defaults.fail),
        }
    }

    fn take_expect(&mut self, expect: &mut Section<'_, '_>) {
        self.status = take_statuses(expect);
        if let Some(mut body) = expect.section("body", "\"expect.body\"") {
            self.contains = body.words("contains");
            self.lacks = body.words("lacks");
            body.finish();
        }
        if let Some(mut latency) = expect.section("latency", "\"expect.latency\"") {
            self.slow = latency.duration("slow", LATENCY);
            self.fail = latency.duration("fail", LATENCY);
            latency.finish();
        }
    }
}

/// `3 of 5`
fn some_of(text: &str) -> Option<(usize, usize)> {
    let (failures, of) = text.split_once(" of ")?;
    let (failures, of) = (failures.trim().parse().ok()?, of.trim().parse().ok()?);
    (1 <= failures && failures <= of && of <= WINDOW).then_some((failures, of))
}

/// `2 in a row`
fn in_a_row(text: &str) -> Option<usize> {
    let count = text.strip_suffix("in a row")?.trim().parse().ok()?;
    (1..=WINDOW).contains(&count).then_some(count)
}

fn take_statuses(expect: &mut Section<'_, '_>) -> Option<Setting<Statuses>> {
    let value = expect.take("status")?;
    let span = value.span();
    let statuses = match value.get_ref() {
        DeValue::Array(items) => {
            let sets: Option<Vec<Statuses>> =
                items.iter().map(|item| one_status(item.get_ref())).collect();
            sets.and_then(|sets| sets.into_iter().reduce(Statuses::or))
        }
        one => one_status(one),
    };
    if statuses.is_none() {
        let wanted =
            "\"status\" must be a status such as 200, a class such as \"2xx\", or a list of them";
        expect.report.add(&span, wanted);
    }
    statuses.map(|value| Setting { value, span })
}

fn one_status(value: &DeValue<'_>) -> Option<Statuses> {
    match value {
        DeValue::Integer(_) => Statuses::parse(&integer::<u16>(value)?.to_string()),
        DeValue::String(text) => Statuses::parse(text),
        _ => None,
    }
}

fn take_headers(section: Section<'_, '_>, around: &Surroundings<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let report = section.report;
    for (key, value) in section.rest() {
        let Ok(name) = HeaderName::try_from(key.value.as_str()) else {
            report.add(&key.span, format!("\"{key}\" cannot be the name of a header"));
            continue;
        };
        if RESERVED.contains(&name.as_str()) {
            report.add(
                &key.span,
                format!("the header \"{name}\" is set by lookout itself; remove it"),
            );
            continue;
        }
        match header_value(&value, around) {
            Ok(value) => {
                headers.insert(name, value);
            }
            Err(message) => report.add(&value.span(), message),
        }
    }
    headers
}

/// The value of a header: a text, `{ env = "NAME" }` or `{ file = "path" }`.
fn header_value(
    value: &Spanned<DeValue<'_>>,
    around: &Surroundings<'_>,
) -> Result<HeaderValue, String> {
    let wanted = "a header must be a text, { env = \"NAME\" } or { file = \"path\" }";
    let (text, secret) = match value.get_ref() {
        DeValue::String(text) => (text.to_string(), false),
        DeValue::Table(table) if table.len() == 1 => {
            let source = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
            let text = match (source("env"), source("file")) {
                (Some(name), None) => from_env(name, around)?,
                (None, Some(path)) => from_file(&around.folder.join(path))?,
                _ => return Err(wanted.to_owned()),
            };
            (text, true)
        }
        _ => return Err(wanted.to_owned()),
    };
    let mut header = HeaderValue::try_from(text)
        .map_err(|_| "a header must be one line of printable characters".to_owned())?;
    header.set_sensitive(secret);
    Ok(header)
}

fn from_env(name: &str, around: &Surroundings<'_>) -> Result<String, String> {
    (around.env)(name).ok_or_else(|| format!("the environment variable {name} is not set"))
}

/// The content of a file without the newline at its end, which editors put there.
fn from_file(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
