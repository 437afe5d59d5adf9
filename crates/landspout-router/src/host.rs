//! One value for each host.

use crate::error::InsertError;
use crate::pattern::check_name;
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::Ipv6Addr;

/// A map from the hosts of requests to values, by patterns.
///
/// ```
/// use landspout_router::Hosts;
///
/// let mut hosts = Hosts::new();
/// hosts.insert("example.com", "the front page")?;
/// hosts.insert("{shop}.example.com", "a shop")?;
/// hosts.insert("*.example.com", "deeper")?;
/// hosts.insert("*", "somebody else")?;
///
/// assert_eq!(hosts.at("Example.COM:8888").unwrap().value, &"the front page");
/// let found = hosts.at("tea.example.com").unwrap();
/// assert_eq!((found.value, found.get("shop")), (&"a shop", Some("tea")));
/// assert_eq!(hosts.at("a.b.example.com").unwrap().value, &"deeper");
/// assert_eq!(hosts.at("[::1]:8888").unwrap().value, &"somebody else");
/// # Ok::<(), landspout_router::InsertError>(())
/// ```
///
/// `{name}` stands for one label, `*` in front for one label or more. `*` alone is for
/// requests to any other host, and for those that name none. Where several
/// patterns match, the last label in which they differ decides, read from the right:
/// text comes before a parameter, and a parameter before `*`.
///
/// Plain names are found by hash, patterns are tried one after the other.
#[derive(Clone, Debug)]
pub struct Hosts<R> {
    entries: Vec<Entry<R>>,
    /// From names without parameters to places in `entries`.
    plain: HashMap<Box<str>, usize>,
    /// The places of the others, best first.
    patterns: Vec<usize>,
    /// The place of `*`.
    any: Option<usize>,
}

#[derive(Clone, Debug)]
struct Entry<R> {
    pattern: Box<str>,
    /// From the right: the last label of the host is the first here.
    labels: Vec<Label>,
    value: R,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    Text(Box<str>),
    Param(Box<str>),
    Rest,
}

/// A value for a host: see [`Hosts::at`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostMatch<'hosts, 'host, R> {
    /// The value that was inserted.
    pub value: &'hosts R,
    /// The pattern that it was inserted with.
    pub pattern: &'hosts str,
    /// The parameters, in the order of the pattern: name and label, in lower case.
    pub params: Vec<(&'hosts str, Cow<'host, str>)>,
}

impl<R> HostMatch<'_, '_, R> {
    /// The label for the parameter of this name, in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut params = self.params.iter();
        params.find(|(known, _)| *known == name).map(|(_, label)| &**label)
    }
}

impl<R> Hosts<R> {
    /// A map without hosts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host, a host with parameters for labels, or a bracketed IPv6 address.
    ///
    /// The case and a dot at the end do not count. Internationalised names are left as
    /// they are; requests carry them in their ASCII form (`xn--…`).
    ///
    /// # Errors
    /// When the pattern has a port or is otherwise not well formed, names two
    /// parameters alike, or matches just the hosts that another one matches.
    pub fn insert(&mut self, pattern: &str, value: R) -> Result<(), InsertError> {
        let labels = labels(pattern)?;
        let same = |entry: &&Entry<R>| same_hosts(&entry.labels, &labels);
        if let Some(existing) = self.entries.iter().find(same) {
            return Err(InsertError::Conflict {
                pattern: pattern.to_owned(),
                existing: existing.pattern.to_string(),
            });
        }
        let place = self.entries.len();
        if labels == [Label::Rest] {
            self.any = Some(place);
        } else if labels.iter().all(|label| matches!(label, Label::Text(_))) {
            self.plain.insert(without_dot(&fold(pattern)).into(), place);
        } else {
            let rank = ranks(&labels);
            let before = |&known: &usize| ranks(&self.entries[known].labels) <= rank;
            self.patterns.insert(self.patterns.partition_point(before), place);
        }
        self.entries.push(Entry { pattern: pattern.into(), labels, value });
        Ok(())
    }

    /// Finds the value for the value of a `Host` field, or for the authority of a
    /// target: `host`, `host:port`, `[::1]:port`.
    ///
    /// The port, the case, and a dot at the end do not count. A value that is not a
    /// host with or without a port is treated like a host that is not known.
    pub fn at<'host>(&self, host: &'host str) -> Option<HostMatch<'_, 'host, R>> {
        without_port(host)
            .and_then(|name| self.at_name(name))
            .or_else(|| Some(self.matched(self.any?, Vec::new())))
    }

    fn at_name<'host>(&self, name: &'host str) -> Option<HostMatch<'_, 'host, R>> {
        if let Some(&place) = self.plain.get(&*fold(name)) {
            return Some(self.matched(place, Vec::new()));
        }
        self.patterns.iter().find_map(|&place| {
            let params = captures(&self.entries[place].labels, name)?;
            Some(self.matched(place, params))
        })
    }

    fn matched<'hosts, 'host>(
        &'hosts self,
        place: usize,
        params: Vec<(&'hosts str, Cow<'host, str>)>,
    ) -> HostMatch<'hosts, 'host, R> {
        let Entry { pattern, value, .. } = &self.entries[place];
        HostMatch { value, pattern, params }
    }
}

impl<R> Default for Hosts<R> {
    fn default() -> Self {
        Self { entries: Vec::new(), plain: HashMap::new(), patterns: Vec::new(), any: None }
    }
}

fn fold(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The host of `host[:port]` (RFC 9110 §7.2), without a dot at its end.
fn without_port(host: &str) -> Option<&str> {
    let end = match host.strip_prefix('[') {
        Some(address) => 1 + address.find(']')? + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let digits = port.is_empty() || port.starts_with(':');
    let is_port = digits && port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    is_port.then(|| without_dot(name))
}

/// The labels of a pattern, from the right. An address in brackets is one label.
fn labels(pattern: &str) -> Result<Vec<Label>, InsertError> {
    let malformed = |reason| InsertError::Malformed { pattern: pattern.to_owned(), reason };
    if let Some(address) = pattern.strip_prefix('[') {
        let inside = address
            .strip_suffix(']')
            .ok_or(malformed("a bracket is left open or a port follows"))?;
        return match inside.parse::<Ipv6Addr>() {
            Ok(_) => Ok(vec![Label::Text(fold(pattern).into())]),
            Err(_) => Err(malformed("there is no IPv6 address between the brackets")),
        };
    }
    let mut labels = Vec::new();
    for (place, label) in without_dot(pattern).split('.').enumerate() {
        let label = label_of(label).map_err(malformed)?;
        if label == Label::Rest && place > 0 {
            return Err(malformed("`*` is not the first label"));
        }
        if let Label::Param(name) = &label
            && labels.contains(&label)
        {
            return Err(InsertError::DuplicateParameter {
                pattern: pattern.to_owned(),
                parameter: name.to_string(),
            });
        }
        labels.push(label);
    }
    labels.reverse();
    Ok(labels)
}

fn label_of(label: &str) -> Result<Label, &'static str> {
    if label == "*" {
        return Ok(Label::Rest);
    }
    if let Some(name) = label.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        check_name(name)?;
        return Ok(Label::Param(name.into()));
    }
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    match label {
        "" => Err("a label is empty"),
        _ if label.chars().all(fits) => Ok(Label::Text(fold(label).into())),
        _ => Err("a label may have only letters, digits, `-` and `_`, and no port follows"),
    }
}

/// Whether two patterns differ in the names of their parameters only.
fn same_hosts(one: &[Label], other: &[Label]) -> bool {
    let same = |(one, other): (&Label, &Label)| match (one, other) {
        (Label::Param(_), Label::Param(_)) => true,
        _ => one == other,
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// Orders patterns: text, then a parameter, then the rest, from the right.
fn ranks(labels: &[Label]) -> Vec<u8> {
    let rank = |label: &Label| match label {
        Label::Text(_) => 0,
        Label::Param(_) => 1,
        Label::Rest => 2,
    };
    labels.iter().map(rank).collect()
}

/// What the parameters stand for, in the order of the pattern, if `name` fits.
fn captures<'hosts, 'host>(
    labels: &'hosts [Label],
    name: &'host str,
) -> Option<Vec<(&'hosts str, Cow<'host, str>)>> {
    let mut params = Vec::new();
    let mut parts = name.rsplit('.');
    for label in labels {
        let part = parts.next().filter(|part| !part.is_empty())?;
        match label {
            Label::Text(text) if part.eq_ignore_ascii_case(text) => {}
            Label::Text(_) => return None,
            Label::Param(name) => params.push((&**name, fold(part))),
            Label::Rest if parts.all(|part| !part.is_empty()) => {}
            Label::Rest => return None,
        }
    }
    params.reverse();
    parts.next().is_none().then_some(params)
}
