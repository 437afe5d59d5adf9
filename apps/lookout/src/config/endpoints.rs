//! The sections of the file become a [`Config`], and settings are held against each other.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use http::{Method, Uri};

use super::listen;
use super::section::{Report, Section, Setting};
use super::settings::Settings;
use super::{Config, DEFAULT_LISTEN, Keep, Limits, Server, Surroundings};
use crate::decide::Rule;
use crate::duration::{parse_duration, show_duration};
use crate::endpoint::Endpoint;
use crate::expect::Expectations;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const CENTURY: Duration = Duration::from_secs(36_500 * 86_400);

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
];

/// Takes the whole file apart; `None` when there is nothing to make a config of.
pub(super) fn read(mut root: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Config> {
    let report = root.report;
    let server = read_server(root.section("server", "[server]"), around);
    let keep = read_keep(root.section("keep", "[keep]"), around);
    let limits = read_limits(root.section("limits", "[limits]"));
    let mut defaults = Settings::default();
    if let Some(mut section) = root.section("defaults", "[defaults]") {
        defaults = Settings::take(&mut section, around);
        section.finish();
    }
    let sections = root.sections("endpoint");
    if sections.is_empty() && report.is_empty() {
        report
            .add(&(0..0), "there is nothing to monitor; add an [[endpoint]] with an id and a url");
    }
    root.finish();
    let mut ids = HashMap::new();
    let endpoints = sections
        .into_iter()
        .filter_map(|section| read_endpoint(section, &defaults, &mut ids, around))
        .collect();
    Some(Config { server, keep, limits, endpoints })
}

fn read_server(section: Option<Section<'_, '_>>, around: &Surroundings<'_>) -> Server {
    let default = DEFAULT_LISTEN.parse().expect("the default address is one");
    let mut server = Server { listen: vec![default], title: "lookout".to_owned() };
    let Some(mut section) = section else { return server };
    if let Some(listen) = listen::read(&mut section, around.folder) {
        server.listen = listen;
    }
    if let Some(title) = section.words("title") {
        server.title = title.value;
    }
    section.finish();
    server
}

fn read_keep(section: Option<Section<'_, '_>>, around: &Surroundings<'_>) -> Keep {
    let mut keep =
        Keep { data: around.folder.join("lookout.db"), checks: 7 * DAY, states: Some(400 * DAY) };
    let Some(mut section) = section else { return keep };
    if let Some(data) = section.words("data") {
        keep.data = around.folder.join(data.value);
    }
    if let Some(checks) = section.duration("checks", HOUR..=CENTURY) {
        keep.checks = checks.value;
    }
    let wanted = "\"forever\" or a duration of at least 1h such as \"400d\"";
    if let Some(states) = section.parsed("states", wanted, duration_or_forever) {
        keep.states = states.value;
    }
    section.finish();
    keep
}

fn duration_or_forever(text: &str) -> Option<Option<Duration>> {
    if text == "forever" {
        return Some(None);
    }
    parse_duration(text).filter(|duration| *duration >= HOUR).map(Some)
}

fn read_limits(section: Option<Section<'_, '_>>) -> Limits {
    let mut limits = Limits { checks: 256 };
    let Some(mut section) = section else { return limits };
    if let Some(checks) = section.number("checks", 1..=10_000) {
        limits.checks = checks.value;
    }
    section.finish();
    limits
}

fn read_endpoint(
    mut section: Section<'_, '_>,
    defaults: &Settings,
    ids: &mut HashMap<String, Range<usize>>,
    around: &Surroundings<'_>,
) -> Option<Endpoint> {
    let (report, span) = (section.report, section.span.clone());
    for key in ["id", "url"] {
        if !section.has(key) {
            report.add(&span, format!("this endpoint has no \"{key}\""));
        }
    }
    let id = section.words("id").and_then(|id| new_id(id, ids, report));
    let name = section.words("name");
    let group = section.words("group");
    let url = section.text("url").and_then(|url| parse_url(&url, report));
    let wanted = "one of GET, HEAD, POST, PUT, DELETE, PATCH and OPTIONS";
    let method = section.parsed("method", wanted, |text| {
        METHODS.into_iter().find(|method| method.as_str() == text)
    });
    let body = section.text("body");
    let own = Settings::take(&mut section, around);
    section.finish();
    let settings = Merged { own: &own, all: own.or(defaults) };
    let timing = settings.timing(report);
    if let Some(head) = method.as_ref().filter(|method| method.value == Method::HEAD)
        && settings.all.contains.is_some()
    {
        report.add(&head.span, "an answer to HEAD has no body, so \"expect.body\" cannot be met");
    }
    let id = id?;
    Some(Endpoint {
        name: name.map_or_else(|| id.clone(), |name| name.value),
        id,
        group: group.map(|group| group.value),
        url: url?,
        method: method.map_or(Method::GET, |method| method.value),
        headers: settings.all.headers.clone(),
        body: body.map(|body| body.value),
        every: timing.every,
        timeout: timing.timeout,
        retry: timing.retry,
        rule: settings.rule(),
        expect: settings.expectations(),
    })
}

/// Settings with the defaults merged in, and without.
struct Merged<'a> {
    own: &'a Settings,
    all: Settings,
}

struct Timing {
    every: Duration,
    timeout: Duration,
    retry: Duration,
}

/// A duration that others are held against.
struct Limit<'a> {
    name: &'static str,
    value: Duration,
    /// Where it was written, the endpoint's own place before that in `[defaults]`.
    own: Option<&'a Setting<Duration>>,
    any: Option<&'a Setting<Duration>>,
}

impl<'a> Limit<'a> {
    fn new(
        name: &'static str,
        own: &'a Option<Setting<Duration>>,
        any: &'a Option<Setting<Duration>>,
        otherwise: Duration,
    ) -> Self {
        let value = any.as_ref().map_or(otherwise, |setting| setting.value);
        Limit { name, value, own: own.as_ref(), any: any.as_ref() }
    }

    fn at_most(&self, high: &Limit<'_>, why: &str, report: &Report) {
        let blamed = self.own.or(high.own).or(self.any).or(high.any);
        if let Some(blamed) = blamed.filter(|_| self.value > high.value) {
            let (low_is, high_is) = (show_duration(self.value), show_duration(high.value));
            let (low, high) = (self.name, high.name);
            let message =
                format!("\"{low}\" ({low_is}) is longer than \"{high}\" ({high_is}); {why}");
            report.add(&blamed.span, message);
        }
    }
}

impl Merged<'_> {
    /// Fills in what nobody wrote, and holds the durations against each other.
    fn timing(&self, report: &Report) -> Timing {
        let (own, all) = (self.own, &self.all);
        let every = Limit::new("every", &own.every, &all.every, Duration::from_secs(30));
        let short = |seconds| Duration::from_secs(seconds).min(every.value);
        let timeout = Limit::new("timeout", &own.timeout, &all.timeout, short(10));
        let retry = Limit::new("retry", &own.retry, &all.retry, short(5));
        let fail = Limit::new("fail", &own.fail, &all.fail, timeout.value);
        let slow = Limit::new("slow", &own.slow, &all.slow, fail.value);
        timeout.at_most(&every, "a check must end before the next begins", report);
        retry.at_most(&every, "it is to be sooner than the next check", report);
        fail.at_most(&timeout, "no answer can be that late", report);
        slow.at_most(&fail, "an answer is slow before it fails", report);
        Timing { every: every.value, timeout: timeout.value, retry: retry.value }
    }

    fn rule(&self) -> Rule {
        let mut rule = Rule::default();
        if let Some(Setting { value: (failures, of), .. }) = self.all.down {
            (rule.failures, rule.of) = (failures, of);
        }
        if let Some(up) = &self.all.up {
            rule.recover = up.value;
        }
        rule
    }

    fn expectations(&self) -> Expectations {
        let all = self.all.clone();
        Expectations {
            status: all.status.map(|status| status.value).unwrap_or_default(),
            contains: all.contains.map(|contains| contains.value),
            lacks: all.lacks.map(|lacks| lacks.value),
            slow: all.slow.map(|slow| slow.value),
            fail: all.fail.map(|fail| fail.value),
        }
    }
}

fn new_id(
    id: Setting<String>,
    ids: &mut HashMap<String, Range<usize>>,
    report: &Report,
) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let valid = id.value.len() <= 64
        && id.value.starts_with(plain)
        && id.value.chars().all(|c| plain(c) || matches!(c, '-' | '_' | '.'));
    if !valid {
        let wanted = "\"id\" must be 1 to 64 of a-z, 0-9, '-', '_' and '.', and begin with a letter or digit";
        report.add(&id.span, wanted);
        return None;
    }
    if let Some(other) = ids.get(&id.value) {
        let line = report.line(other);
        report.add(
            &id.span,
            format!("the endpoint in line {line} has the id \"{id}\" already; ids must differ"),
        );
        return None;
    }
    ids.insert(id.value.clone(), id.span);
    Some(id.value)
}

fn parse_url(url: &Setting<String>, report: &Report) -> Option<Uri> {
    let reject = |message: &str| {
        report.add(&url.span, format!("\"url\" {message}"));
        None
    };
    if !url.value.starts_with("http://") && !url.value.starts_with("https://") {
        return reject("must begin with http:// or https://");
    }
    if url.value.contains('#') {
        return reject("must not have a fragment: what follows # is never sent");
    }
    let Ok(uri) = url.value.parse::<Uri>() else {
        return reject(
            "is not a URL; anything but ASCII letters, digits and punctuation must be percent-encoded",
        );
    };
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => {
            reject("must not have a user name in it; send an authorization header instead")
        }
        Some(authority) if !authority.host().is_empty() => Some(uri),
        _ => reject("must name a host"),
    }
}
