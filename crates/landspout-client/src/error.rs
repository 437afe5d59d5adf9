//! Why a fetch failed.

use crate::{Attempt, Phase, Timings};
use landspout_handler::BodyError;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// Why a fetch failed: in which [phase](FetchError::phase), and on what.
///
/// It comes from the world, so it is asked questions rather than matched. It is displayed with
/// method and URL, never with the URL's credentials; what lies behind it is in `source()`, and
/// `{:?}` shows the whole chain on one line.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = landspout_client::Client::new();
/// let error = client.get("http://127.0.0.1:1/").send().await.unwrap_err();
/// assert!(error.is_connect() && !error.is_timeout());
/// assert_eq!(error.to_string(), "GET http://127.0.0.1:1/: could not connect");
///
/// let error = client.get("gopher://old.example/").send().await.unwrap_err();
/// assert!(error.is_invalid_request());
/// # });
/// ```
pub struct FetchError(Box<Inner>);

struct Inner {
    kind: Kind,
    phase: Phase,
    /// Method and URL, as far as they were understood.
    request: String,
    url: Option<String>,
    timings: Timings,
    attempts: Vec<Attempt>,
    source: Option<Cause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request cannot be sent as it is.
    Invalid,
    /// The limit that was reached.
    Timeout(Duration),
    /// The other side, or the way to it, failed.
    Failed,
    /// What arrived is not HTTP.
    Malformed,
    /// The head or the body of the answer is over its limit.
    TooLarge,
    /// The request's own body failed.
    RequestBody,
    Redirect,
    /// The proxy wants other credentials.
    ProxyAuth,
    /// The answer's coding, text or JSON is wrong.
    Decode,
}

/// What went wrong, before it is known to whom to tell it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) source: Option<Cause>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, source: impl Into<Cause>) -> Failure {
        Failure { kind, source: Some(source.into()) }
    }

    /// In words, with its cause; `phase` is where it happened.
    pub(crate) fn describe(&self, phase: Phase) -> String {
        let reason = reason(self.kind, phase);
        self.source.as_ref().map_or_else(|| reason.clone(), |cause| format!("{reason}: {cause}"))
    }

    pub(crate) fn timeout(limit: Duration) -> Failure {
        Failure { kind: Kind::Timeout(limit), source: None }
    }

    /// Sorts an error of an answer's body; `limit` is what the whole request may last.
    pub(crate) fn of_body(error: BodyError, limit: Duration) -> Failure {
        let source = StdError::source(&error);
        if let Some(Stalled(limit)) = source.and_then(|source| source.downcast_ref()) {
            return Failure::timeout(*limit);
        }
        let undecodable = source.and_then(|source| source.downcast_ref::<Undecodable>());
        let kind = match &error {
            error if error.is_timeout() => return Failure::timeout(limit),
            error if error.is_too_large() => Kind::TooLarge,
            error if error.is_malformed() => match undecodable {
                Some(Undecodable::Broken(_)) => Kind::Decode,
                Some(Undecodable::Ratio(_)) => Kind::TooLarge,
                None => Kind::Malformed,
            },
            _ => Kind::Failed,
        };
        Failure::new(kind, error)
    }
}

/// No byte of an answer's body came for this long. Marks such errors among those of a body.
#[derive(Debug)]
pub(crate) struct Stalled(pub(crate) Duration);

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no byte came for {:?}", self.0)
    }
}

impl StdError for Stalled {}

/// The bytes of an answer are not in the coding that its head announced. Marks such errors among
/// those of a body.
#[derive(Debug)]
pub(crate) enum Undecodable {
    /// It is not in that coding.
    Broken(&'static str),
    /// It becomes more than this many times its size.
    Ratio(u32),
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Undecodable::Broken(what) => f.write_str(what),
            Undecodable::Ratio(ratio) => write!(f, "it expands to over {ratio} times its size"),
        }
    }
}

impl StdError for Undecodable {}

impl FetchError {
    pub(crate) fn new(
        failure: Failure,
        phase: Phase,
        method: &http::Method,
        url: Option<String>,
        timings: Timings,
    ) -> FetchError {
        let request = match &url {
            Some(url) => format!("{method} {url}"),
            None => method.to_string(),
        };
        let Failure { kind, source } = failure;
        let attempts = Vec::new();
        FetchError(Box::new(Inner { kind, phase, request, url, timings, attempts, source }))
    }

    pub(crate) fn with_attempts(mut self, attempts: Vec<Attempt>) -> FetchError {
        self.0.attempts = attempts;
        self
    }

    /// What the fetch was doing when it failed.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Whether a limit of time was reached; [`phase`](FetchError::phase) tells which part took too
    /// long.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout(_))
    }

    /// Whether it failed while waiting for a place in the pool: the only failure there is a
    /// timeout.
    pub fn is_queue(&self) -> bool {
        self.0.phase == Phase::Queue
    }

    /// Whether the host name did not resolve, or not in time.
    pub fn is_dns(&self) -> bool {
        self.0.phase == Phase::Dns
    }

    /// Whether the host did not accept a TCP connection, or not in time.
    pub fn is_connect(&self) -> bool {
        self.0.phase == Phase::Connect
    }

    /// Whether TLS could not be negotiated, or not in time: an untrusted certificate, or one for
    /// another name.
    pub fn is_tls(&self) -> bool {
        self.0.phase == Phase::Tls
    }

    /// Whether the way through a proxy failed: it did not accept a connection, did not pass it on,
    /// or not in time. What fails behind it is a failure of its own.
    pub fn is_proxy(&self) -> bool {
        self.0.phase == Phase::Proxy || self.is_proxy_auth()
    }

    /// Whether the proxy wants other credentials than it was given, or some at all: it answered 407,
    /// or SOCKS's like.
    pub fn is_proxy_auth(&self) -> bool {
        self.0.kind == Kind::ProxyAuth
    }

    /// Whether a redirect could not be followed: one too many, to a URL that is none or has another
    /// scheme, or with a body that cannot be sent twice.
    pub fn is_redirect(&self) -> bool {
        self.0.kind == Kind::Redirect
    }

    /// Whether it failed in the body of the answer, after its head had arrived: it broke off, was
    /// too slow, too long, or could not be [decoded](FetchError::is_decode).
    pub fn is_body(&self) -> bool {
        self.0.phase == Phase::Body
    }

    /// Whether the body arrived and is not what it should be: a broken gzip stream, text that is not
    /// UTF-8, JSON of another shape.
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// Whether what arrived is not HTTP.
    pub fn is_malformed(&self) -> bool {
        self.0.kind == Kind::Malformed
    }

    /// Whether the head or the body of the answer is over its limit.
    pub fn is_too_large(&self) -> bool {
        self.0.kind == Kind::TooLarge
    }

    /// Whether the request could not be sent as it was: a malformed URL, another scheme than http
    /// and https, a header that is none, a body without a JSON form.
    pub fn is_invalid_request(&self) -> bool {
        self.0.kind == Kind::Invalid
    }

    /// The URL that was being fetched, after redirects the last one; without user and password.
    /// `None` if it could not be read as a URL.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The attempts before this one, the first one first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// How long each phase took up to the failure.
    pub fn timings(&self) -> Timings {
        self.0.timings
    }

    /// What went wrong, without method, URL and cause.
    pub fn reason(&self) -> String {
        reason(self.0.kind, self.0.phase)
    }
}

/// What goes wrong in a phase, in words.
fn reason(kind: Kind, phase: Phase) -> String {
    let reason = match (kind, phase) {
        (Kind::Timeout(limit), phase) => {
            return format!("timed out after {limit:?} while {phase}");
        }
        (Kind::Invalid, _) => "the request cannot be sent",
        (Kind::ProxyAuth, _) => "the proxy did not accept the credentials",
        (Kind::Redirect, _) => "the redirect cannot be followed",
        (Kind::RequestBody, _) => "the body of the request failed",
        (Kind::Decode, _) => "the body could not be decoded",
        (Kind::Malformed, _) => "the answer is not HTTP",
        (Kind::TooLarge, Phase::Body) => "the body is too long",
        (Kind::TooLarge, _) => "the head of the answer is too long",
        (Kind::Failed, Phase::Proxy) => "the proxy made no connection",
        (Kind::Failed, Phase::Dns) => "the host name could not be resolved",
        (Kind::Failed, Phase::Connect) => "could not connect",
        (Kind::Failed, Phase::Tls) => "TLS could not be negotiated",
        (Kind::Failed, Phase::Send) => "the connection broke while sending the request",
        (Kind::Failed, Phase::Body) => "the body broke off",
        (Kind::Failed, _) => "the connection broke before the answer",
    };
    reason.to_owned()
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.request, self.reason())
    }
}

/// The message and the whole chain of causes: one line for a log.
impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for FetchError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
