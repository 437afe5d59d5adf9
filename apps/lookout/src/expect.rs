//! What an answer should be like, and whether it is.

use std::fmt;
use std::time::Duration;

use crate::duration::show_duration;
use crate::outcome::Verdict;

/// So many bytes of an answer's body are read and searched: 1 MiB.
///
/// It bounds the memory of a check; a page whose sign of health comes later than that should
/// get a shorter health page.
pub const BODY_CAP: usize = 1024 * 1024;

/// So many characters of a body are quoted in a message: one line on a wide page.
const QUOTED: usize = 80;

/// What is expected of an endpoint's answers.
///
/// ```
/// use std::time::Duration;
/// use lookout::expect::{Answer, Expectations};
/// use lookout::outcome::Verdict;
///
/// let expectations = Expectations::default();
/// let answer = Answer { status: 503, body: b"", cut: false, total: Duration::from_millis(20) };
/// let judgement = expectations.judge(&answer);
/// assert_eq!(judgement.verdict(), Verdict::Failed);
/// assert_eq!(judgement.reason().unwrap(), "status: wanted 2xx, got 503");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectations {
    /// The statuses that are good. Default `2xx`.
    pub status: Statuses,
    /// Text that the first [`BODY_CAP`] bytes of the body must contain, if any.
    pub contains: Option<String>,
    /// Text that they must not contain, if any.
    pub lacks: Option<String>,
    /// From this time on an answer is slow, if set.
    pub slow: Option<Duration>,
    /// From this time on an answer is as bad as none, if set.
    pub fail: Option<Duration>,
}

/// What is needed of an answer to judge it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its body, or the first [`BODY_CAP`] bytes of it.
    pub body: &'a [u8],
    /// Whether the body went on after that.
    pub cut: bool,
    /// How long the whole check took.
    pub total: Duration,
}

impl Expectations {
    /// Holds an answer against each expectation.
    pub fn judge(&self, answer: &Answer<'_>) -> Judgement {
        let mut findings = vec![self.judge_status(answer)];
        if let Some(text) = &self.contains {
            findings.push(judge_contains(text, answer));
        }
        if let Some(text) = &self.lacks {
            findings.push(judge_lacks(text, answer));
        }
        findings.extend(self.judge_latency(answer));
        Judgement { findings }
    }

    fn judge_status(&self, answer: &Answer<'_>) -> Finding {
        Finding {
            expectation: "status",
            wanted: self.status.to_string(),
            got: answer.status.to_string(),
            verdict: failed_unless(self.status.contains(answer.status)),
        }
    }

    fn judge_latency(&self, answer: &Answer<'_>) -> Option<Finding> {
        let over = |limit: &Duration| answer.total >= *limit;
        let (limit, verdict) = match (self.slow, self.fail) {
            (_, Some(fail)) if over(&fail) => (fail, Verdict::Failed),
            (Some(slow), _) if over(&slow) => (slow, Verdict::Slow),
            (Some(limit), _) | (None, Some(limit)) => (limit, Verdict::Ok),
            (None, None) => return None,
        };
        Some(Finding {
            expectation: "latency",
            wanted: format!("less than {}", show_duration(limit)),
            got: show_duration(answer.total),
            verdict,
        })
    }
}

/// The findings of one check, one for each expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// In the order status, body, latency.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// The worst of the findings: failed, else slow, else ok.
    pub fn verdict(&self) -> Verdict {
        let worst = self.findings.iter().map(|finding| finding.verdict);
        worst.max_by_key(|verdict| verdict.code()).unwrap_or_default()
    }

    /// The unmet expectations in one sentence, `None` when all were met.
    pub fn reason(&self) -> Option<String> {
        let unmet: Vec<String> = self
            .findings
            .iter()
            .filter(|finding| finding.verdict != Verdict::Ok)
            .map(Finding::to_string)
            .collect();
        (!unmet.is_empty()).then(|| unmet.join("; "))
    }
}

/// What became of one expectation. Displayed as `status: wanted 2xx, got 503`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which expectation: `status`, `body` or `latency`.
    pub expectation: &'static str,
    /// What was wanted, in words.
    pub wanted: String,
    /// What came, in words.
    pub got: String,
    /// Ok when it was met, slow or failed when not.
    pub verdict: Verdict,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, got {}", self.expectation, self.wanted, self.got)
    }
}

/// A set of statuses, as `2xx` or `200, 201`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    ranges: Vec<(u16, u16)>,
}

impl Statuses {
    /// Reads one status or class: `204` or `2xx`. The statuses of HTTP are 100 to 599.
    pub fn parse(text: &str) -> Option<Statuses> {
        let (first, last) = match text.strip_suffix("xx") {
            Some(class) => (format!("{class}00"), format!("{class}99")),
            None => (text.to_owned(), text.to_owned()),
        };
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        (text.len() == 3 && first >= 100 && last <= 599)
            .then(|| Statuses { ranges: vec![(first, last)] })
    }

    /// The statuses that are in either set.
    #[must_use]
    pub fn or(mut self, other: Statuses) -> Statuses {
        self.ranges.extend(other.ranges);
        self
    }

    /// Whether a status is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }

    /// Whether a redirect is in the set, so that it is the answer and is not to be followed.
    pub fn wants_redirect(&self) -> bool {
        self.ranges.iter().any(|(first, last)| *first < 400 && *last >= 300)
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Statuses { ranges: vec![(200, 299)] }
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.ranges.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            if first == last {
                write!(f, "{first}")?;
            } else {
                write!(f, "{}xx", first / 100)?;
            }
        }
        Ok(())
    }
}

fn judge_contains(text: &str, answer: &Answer<'_>) -> Finding {
    let found = find(answer.body, text.as_bytes()).is_some();
    let got = match (found, answer.cut) {
        (true, _) => "it".to_owned(),
        (false, false) => quote(answer.body),
        (false, true) => format!("{BODY_CAP} bytes and more without it"),
    };
    Finding {
        expectation: "body",
        wanted: format!("text containing {text:?}"),
        got,
        verdict: failed_unless(found),
    }
}

fn judge_lacks(text: &str, answer: &Answer<'_>) -> Finding {
    let place = find(answer.body, text.as_bytes());
    Finding {
        expectation: "body",
        wanted: format!("text without {text:?}"),
        got: place.map_or("none".to_owned(), |place| format!("it at byte {place}")),
        verdict: failed_unless(place.is_none()),
    }
}

fn failed_unless(met: bool) -> Verdict {
    if met { Verdict::Ok } else { Verdict::Failed }
}

/// The offset of `wanted` in `body`. Skipping to candidates by their first byte keeps it fast on
/// the text that bodies are made of.
fn find(body: &[u8], wanted: &[u8]) -> Option<usize> {
    let Some(first) = wanted.first() else { return Some(0) };
    let mut from = 0;
    while let Some(step) = body[from..].iter().position(|byte| byte == first) {
        let place = from + step;
        if body[place..].starts_with(wanted) {
            return Some(place);
        }
        from = place + 1;
    }
    None
}

fn quote(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    // Four bytes a character at most: no need to decode a megabyte to quote a line.
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * QUOTED)]);
    let start: String = text.chars().take(QUOTED).collect();
    let more = if start.len() < body.len() { " ..." } else { "" };
    format!("{} bytes: {start:?}{more}", body.len())
}
