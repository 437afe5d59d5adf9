//! What is monitored: one endpoint and how it is checked.

use std::time::Duration;

use http::{HeaderMap, Method, Uri};

use crate::decide::Rule;
use crate::expect::Expectations;

/// One endpoint, as described by an `[[endpoint]]` of `lookout.toml` with `[defaults]` merged in.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its name for ever: history and links hang on it. 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`.
    pub id: String,
    /// Its name on the page; may change at any time. Default: the id.
    pub name: String,
    /// The heading under which it is shown, if any.
    pub group: Option<String>,
    /// What is requested; `http` or `https`, with a host.
    pub url: Uri,
    /// With which method. Default GET.
    pub method: Method,
    /// With which headers; values that came from `env` or `file` are marked sensitive.
    pub headers: HeaderMap,
    /// With which body, if any.
    pub body: Option<String>,
    /// From the beginning of one check to the beginning of the next. Default 30 s, from 1 s to
    /// 30 days.
    pub every: Duration,
    /// How long a check may take, from its beginning to the last byte, not counting the wait
    /// for a free place. Default 10 s, or `every` when that is shorter.
    pub timeout: Duration,
    /// After how long to check again while the last check speaks against the state. Default
    /// 5 s, or `every` when that is shorter; equal to `every` it changes nothing.
    pub retry: Duration,
    /// When a run of failures becomes a state.
    pub rule: Rule,
    /// What its answers should be like.
    pub expect: Expectations,
}

impl Endpoint {
    /// The URL as it may be shown to whoever sees the page: what stands in the query is left out,
    /// because keys often do. User names and passwords are in no URL: the configuration rejects
    /// them.
    ///
    /// ```
    /// use lookout::config::Config;
    ///
    /// let mut endpoint = Config::sample("127.0.0.1:80".parse()?).endpoints.remove(0);
    /// endpoint.url = "https://example.org/health?key=wonderland".parse()?;
    /// assert_eq!(endpoint.shown_url(), "https://example.org/health?…");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shown_url(&self) -> String {
        let url = self.url.to_string();
        match url.split_once('?') {
            Some((before, _)) => format!("{before}?…"),
            None => url,
        }
    }

    /// Whether [`shown_url`](Endpoint::shown_url) is the whole of it, so that it can be a link.
    pub fn is_shown_whole(&self) -> bool {
        self.url.query().is_none()
    }
}
