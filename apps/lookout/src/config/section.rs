//! A table of the file, taken apart key by key, with every mistake reported.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::duration::{parse_duration, show_duration};

/// Keys that are planned: whoever writes one must not believe that it has an effect.
const LATER: &[&str] = &[
    "certificate",
    "cluster",
    "days",
    "guard",
    "hours",
    "json",
    "login",
    "maintenance",
    "needs",
    "node",
    "notify",
    "p95",
    "page",
    "public_url",
    "push",
    "runbook",
    "schedule",
];

/// Collects the mistakes while the file is taken apart.
#[derive(Debug)]
pub(super) struct Report {
    /// Where in the file each line ends.
    ends: Vec<usize>,
    mistakes: RefCell<Vec<(Range<usize>, String)>>,
}

impl Report {
    pub(super) fn new(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end).collect();
        Report { ends, mistakes: RefCell::default() }
    }

    /// The number of the line in which a span begins, from 1.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.ends.partition_point(|end| *end < span.start) + 1
    }

    pub(super) fn add(&self, span: &Range<usize>, message: impl Into<String>) {
        self.mistakes.borrow_mut().push((span.clone(), message.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    pub(super) fn into_mistakes(self) -> Vec<(Range<usize>, String)> {
        self.mistakes.into_inner()
    }
}

/// A value with its place in the file.
#[derive(Debug, Clone)]
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A table that is being taken apart. What is left at the end is unknown.
#[derive(Debug)]
pub(super) struct Section<'i, 'r> {
    /// As it is called in messages: `[server]`, `"expect"`.
    name: String,
    pub(super) span: Range<usize>,
    pub(super) report: &'r Report,
    table: DeTable<'i>,
    known: Vec<&'static str>,
}

/// The root of a file; `None` when it is not TOML, which is then reported.
pub(super) fn parse<'i, 'r>(text: &'i str, report: &'r Report) -> Option<Section<'i, 'r>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut last_line = None;
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let line = report.line(&span);
        // One wrong character may upset the rest of its line; the first complaint is the one.
        if last_line != Some(line) {
            let message: Vec<&str> = error.message().lines().map(str::trim).collect();
            report.add(&span, format!("not TOML: {}", message.join(", ")));
        }
        last_line = Some(line);
    }
    errors.is_empty().then(|| Section {
        name: "the file".to_owned(),
        span: 0..0,
        report,
        table: root.into_inner(),
        known: Vec::new(),
    })
}

impl<'i, 'r> Section<'i, 'r> {
    /// Whether the key is there and not yet taken.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Takes a value out, whatever its type.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Setting<String>> {
        let value = self.take(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        self.or_report(key, &value, "a text in quotes", text)
    }

    /// A text that is not empty.
    pub(super) fn words(&mut self, key: &'static str) -> Option<Setting<String>> {
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            self.report.add(&text.span, format!("\"{key}\" must not be empty"));
            return None;
        }
        Some(text)
    }

    /// A text that `parse` understands; `wanted` says what it understands.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Setting<T>> {
        let value = self.take(key)?;
        let parsed = value.get_ref().as_str().and_then(parse);
        self.or_report(key, &value, wanted, parsed)
    }

    /// A duration within limits.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        limits: RangeInclusive<Duration>,
    ) -> Option<Setting<Duration>> {
        let duration =
            self.parsed(key, "a duration such as \"30s\", \"5m\" or \"250ms\"", parse_duration)?;
        self.within(key, duration, limits, |limit| show_duration(*limit))
    }

    /// A whole number within limits.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        limits: RangeInclusive<usize>,
    ) -> Option<Setting<usize>> {
        let value = self.take(key)?;
        let number = integer(value.get_ref());
        let number = self.or_report(key, &value, "a whole number", number)?;
        self.within(key, number, limits, ToString::to_string)
    }

    /// A table.
    pub(super) fn section(&mut self, key: &'static str, name: &str) -> Option<Section<'i, 'r>> {
        let value = self.take(key)?;
        if !value.get_ref().is_table() {
            self.reject(key, &value, "a table");
            return None;
        }
        Section::new(name, value, self.report)
    }

    /// An array of tables, empty when it is not there.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'i, 'r>> {
        let name = format!("[[{key}]]");
        let Some(value) = self.take(key) else { return Vec::new() };
        let report = self.report;
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => {
                items.into_iter().filter_map(|item| Section::new(&name, item, report)).collect()
            }
            _ => {
                report.add(&span, format!("\"{key}\" must be written as {name}"));
                Vec::new()
            }
        }
    }

    /// All that is left, in the order of the file, for tables whose keys are free to choose.
    pub(super) fn rest(self) -> Vec<(Setting<String>, Spanned<DeValue<'i>>)> {
        let mut rest: Vec<_> = self.table.into_iter().collect();
        rest.sort_by_key(|(key, _)| key.span().start);
        rest.into_iter()
            .map(|(key, value)| {
                (Setting { span: key.span(), value: key.into_inner().into_owned() }, value)
            })
            .collect()
    }

    /// Reports every key that nobody took.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            let message = if LATER.contains(&name) {
                format!("\"{name}\" has no effect in this version of lookout; remove it")
            } else if let Some(known) = nearest(name, &self.known) {
                format!("unknown key \"{name}\" in {}; did you mean \"{known}\"?", self.name)
            } else {
                let known = self.known.join(", ");
                format!("unknown key \"{name}\" in {}; it may have {known}", self.name)
            };
            self.report.add(&key.span(), message);
        }
    }

    fn new(name: &str, value: Spanned<DeValue<'i>>, report: &'r Report) -> Option<Self> {
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else { return None };
        Some(Section { name: name.to_owned(), span, report, table, known: Vec::new() })
    }

    fn or_report<T>(
        &self,
        key: &str,
        from: &Spanned<DeValue<'_>>,
        wanted: &str,
        value: Option<T>,
    ) -> Option<Setting<T>> {
        if value.is_none() {
            self.reject(key, from, wanted);
        }
        value.map(|value| Setting { value, span: from.span() })
    }

    fn reject(&self, key: &str, from: &Spanned<DeValue<'_>>, wanted: &str) {
        self.report.add(&from.span(), format!("\"{key}\" must be {wanted}"));
    }

    fn within<T: PartialOrd>(
        &self,
        key: &str,
        setting: Setting<T>,
        limits: RangeInclusive<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<Setting<T>> {
        let message = match &setting.value {
            value if value < limits.start() => format!("at least {}", show(limits.start())),
            value if value > limits.end() => format!("at most {}", show(limits.end())),
            _ => return Some(setting),
        };
        self.report.add(&setting.span, format!("\"{key}\" must be {message}"));
        None
    }
}

/// A whole number that is not negative.
pub(super) fn integer<T: TryFrom<u64>>(value: &DeValue<'_>) -> Option<T> {
    let integer = value.as_integer()?;
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    T::try_from(number).ok()
}

/// The known key that was probably meant.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let (distance, key) = known.iter().map(|key| (edits(written, key), *key)).min()?;
    (distance <= 2 && distance < written.chars().count()).then_some(key)
}

/// The number of letters to insert, remove or replace to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, wanted) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
