//! What a request does beyond being sent once.

#[cfg(feature = "cookies")]
use crate::CookieJar;
use crate::{
    Credentials, RedirectPolicy, RequestBuilder, RequestOptions, RetryConfig, TraceContext, Watcher,
};
use http::HeaderName;
use std::time::Duration;

/// What a request does beyond being sent once; part of [`RequestOptions`], which has a setter for
/// each field. `None` leaves what the client does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policies {
    /// Asked for each redirect, after the limit and the rules of HTTP have let it through. Without
    /// it they decide alone.
    pub redirects: Option<RedirectPolicy>,
    /// See [`ClientConfig::allow_downgrade`](crate::ClientConfig#structfield.allow_downgrade).
    pub allow_downgrade: Option<bool>,
    /// Where cookies are kept and come from. Without it none are kept.
    #[cfg(feature = "cookies")]
    pub cookies: Option<CookieJar>,
    /// Whether the jar is used, if there is one. Default true.
    #[cfg(feature = "cookies")]
    pub use_cookies: Option<bool>,
    /// Who the client says it is, to the origin that the request goes to first and to no other. A
    /// header `Authorization` and user and password in the URL win over it.
    pub credentials: Option<Credentials>,
    /// See [`ClientConfig::retry`](crate::ClientConfig#structfield.retry).
    pub retry: Option<RetryConfig>,
    /// See [`ClientConfig::expect_continue`](crate::ClientConfig#structfield.expect_continue).
    pub expect_continue: Option<Duration>,
    /// The trace that the request belongs to. Without it no trace is named.
    pub trace: Option<TraceContext>,
    /// Told what happens to the request.
    pub watch: Option<Watcher>,
    /// Headers that the client adds by itself, and shall not add. `Host` and those of the framing
    /// are sent all the same.
    pub without_headers: Vec<HeaderName>,
}

impl Policies {
    /// These, and where they say nothing the others.
    pub(crate) fn or(self, other: &Policies) -> Policies {
        let mut without_headers = self.without_headers;
        without_headers.extend(other.without_headers.iter().cloned());
        Policies {
            redirects: self.redirects.or_else(|| other.redirects.clone()),
            allow_downgrade: self.allow_downgrade.or(other.allow_downgrade),
            #[cfg(feature = "cookies")]
            cookies: self.cookies.or_else(|| other.cookies.clone()),
            #[cfg(feature = "cookies")]
            use_cookies: self.use_cookies.or(other.use_cookies),
            credentials: self.credentials.or_else(|| other.credentials.clone()),
            retry: self.retry.or_else(|| other.retry.clone()),
            expect_continue: self.expect_continue.or(other.expect_continue),
            trace: self.trace.or_else(|| other.trace.clone()),
            watch: self.watch.or_else(|| other.watch.clone()),
            without_headers,
        }
    }
}

impl RequestOptions {
    /// Sets [`redirects`](Policies#structfield.redirects).
    #[must_use]
    pub fn redirect_policy(mut self, policy: RedirectPolicy) -> RequestOptions {
        self.policies().redirects = Some(policy);
        self
    }

    /// Sets [`allow_downgrade`](Policies#structfield.allow_downgrade).
    #[must_use]
    pub fn allow_downgrade(mut self, allow: bool) -> RequestOptions {
        self.policies().allow_downgrade = Some(allow);
        self
    }

    /// Sets [`cookies`](Policies#structfield.cookies).
    #[cfg(feature = "cookies")]
    #[must_use]
    pub fn cookies(mut self, jar: CookieJar) -> RequestOptions {
        self.policies().cookies = Some(jar);
        self
    }

    /// Sets [`use_cookies`](Policies#structfield.use_cookies).
    #[cfg(feature = "cookies")]
    #[must_use]
    pub fn use_cookies(mut self, use_them: bool) -> RequestOptions {
        self.policies().use_cookies = Some(use_them);
        self
    }

    /// Sets [`credentials`](Policies#structfield.credentials).
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> RequestOptions {
        self.policies().credentials = Some(credentials);
        self
    }

    /// Sets [`retry`](Policies#structfield.retry).
    #[must_use]
    pub fn retry(mut self, retry: RetryConfig) -> RequestOptions {
        self.policies().retry = Some(retry);
        self
    }

    /// Sets [`expect_continue`](Policies#structfield.expect_continue).
    #[must_use]
    pub fn expect_continue(mut self, wait: Duration) -> RequestOptions {
        self.policies().expect_continue = Some(wait);
        self
    }

    /// Sets [`trace`](Policies#structfield.trace).
    #[must_use]
    pub fn trace(mut self, trace: TraceContext) -> RequestOptions {
        self.policies().trace = Some(trace);
        self
    }

    /// Sets [`watch`](Policies#structfield.watch).
    #[must_use]
    pub fn watch(mut self, watcher: Watcher) -> RequestOptions {
        self.policies().watch = Some(watcher);
        self
    }

    /// Adds to [`without_headers`](Policies#structfield.without_headers).
    #[must_use]
    pub fn without_header(mut self, name: HeaderName) -> RequestOptions {
        self.policies().without_headers.push(name);
        self
    }

    fn policies(&mut self) -> &mut Policies {
        self.policies.get_or_insert_default()
    }
}

impl RequestBuilder {
    /// Sets who decides about redirects: see [`RedirectPolicy`].
    pub fn redirect_policy(self, policy: RedirectPolicy) -> RequestBuilder {
        self.options(|options| options.redirect_policy(policy))
    }

    /// Sets where cookies are kept and come from: see [`CookieJar`].
    #[cfg(feature = "cookies")]
    pub fn cookies(self, jar: CookieJar) -> RequestBuilder {
        self.options(|options| options.cookies(jar))
    }

    /// Sets who the client says it is: see [`Credentials`].
    pub fn credentials(self, credentials: Credentials) -> RequestBuilder {
        self.options(|options| options.credentials(credentials))
    }

    /// Sets when the request is sent once more: see [`RetryConfig`].
    pub fn retry(self, retry: RetryConfig) -> RequestBuilder {
        self.options(|options| options.retry(retry))
    }

    /// Sets how long the body waits for the server to want it, in place of the client's
    /// [`expect_continue`](crate::ClientConfig#structfield.expect_continue).
    pub fn expect_continue(self, wait: Duration) -> RequestBuilder {
        self.options(|options| options.expect_continue(wait))
    }

    /// Sets the trace that the request belongs to: see [`TraceContext`].
    pub fn trace(self, trace: TraceContext) -> RequestBuilder {
        self.options(|options| options.trace(trace))
    }
}
