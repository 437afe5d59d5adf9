//! What one check found.

use crate::state::State;

/// The result of one check of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// When the check began, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What the check says about the endpoint.
    pub verdict: Verdict,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// How long each part of the check took.
    pub phases: Phases,
    /// Why the verdict is not [`Verdict::Ok`], in one sentence that names what was wanted and
    /// what came instead.
    pub reason: Option<String>,
}

impl Outcome {
    /// How long the endpoint took to answer, in microseconds; `None` when it did not, or not as
    /// expected: how long a failure took is no latency.
    pub fn latency(&self) -> Option<u32> {
        matches!(self.verdict, Verdict::Ok | Verdict::Slow).then_some(self.phases.total)?
    }
}

/// What one check says about the endpoint.
///
/// The codes written to the database are fixed for ever: 0 ok, 1 slow, 2 failed, 3 not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verdict {
    /// All expectations were met.
    #[default]
    Ok,
    /// All were met but the one on speed.
    Slow,
    /// No answer came, or one that is not as expected.
    Failed,
    /// The fault is ours (no descriptor, no time to run the check): it says nothing about the
    /// endpoint and counts neither for nor against it.
    NotMeasured,
}

impl Verdict {
    /// The number that stands for this verdict in the database.
    pub fn code(self) -> u8 {
        match self {
            Verdict::Ok => 0,
            Verdict::Slow => 1,
            Verdict::Failed => 2,
            Verdict::NotMeasured => 3,
        }
    }

    /// The verdict of a number from the database, `None` for a number of a later version.
    pub fn from_code(code: u8) -> Option<Verdict> {
        match code {
            0 => Some(Verdict::Ok),
            1 => Some(Verdict::Slow),
            2 => Some(Verdict::Failed),
            3 => Some(Verdict::NotMeasured),
            _ => None,
        }
    }

    /// The verdict in lower-case words, as pages and the API say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Slow => "slow",
            Verdict::Failed => "failed",
            Verdict::NotMeasured => "not measured",
        }
    }

    /// The state this verdict alone would speak for.
    pub fn state(self) -> State {
        match self {
            Verdict::Ok => State::Up,
            Verdict::Slow => State::Slow,
            Verdict::Failed => State::Down,
            Verdict::NotMeasured => State::Unknown,
        }
    }
}

/// How long the parts of one check took, each in microseconds.
///
/// A part that did not happen is `None`: there is no name to resolve in `http://127.0.0.1`, no
/// `tls` in plain HTTP, and nothing after the part that failed. Time spent waiting for a free
/// place among the running checks is in none of them, `total` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// Resolving the host name.
    pub dns: Option<u32>,
    /// Opening the TCP connection.
    pub connect: Option<u32>,
    /// The TLS handshake.
    pub tls: Option<u32>,
    /// From the open connection to the head of the answer.
    pub first_byte: Option<u32>,
    /// The whole check, from resolving to the last byte read, or to the moment it failed.
    pub total: Option<u32>,
}

impl Phases {
    /// The phases that happened, by name, in their order; the whole, `total`, comes last.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let named = [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("first_byte", self.first_byte),
            ("total", self.total),
        ];
        named.into_iter().filter_map(|(name, took)| Some((name, took?)))
    }
}
