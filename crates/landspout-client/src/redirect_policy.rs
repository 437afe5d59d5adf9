//! Who decides whether a redirect is followed.

use crate::Redirect;
use http::{Method, StatusCode};
use std::fmt;
use std::sync::Arc;

/// A function that is asked for each redirect, after the rules of HTTP and the limit have let it
/// through.
///
/// ```
/// use landspout_client::{Client, RedirectAction, RedirectPolicy, Request, Response, RequestOptions};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::over(|_: Request| async { Response::redirect(302, "http://elsewhere.example/") });
/// let at_home = RedirectPolicy::new(|redirect| match redirect.is_same_origin {
///     true => RedirectAction::Follow,
///     false => RedirectAction::Stop,
/// });
/// let client = client.with_defaults(RequestOptions::default().redirect_policy(at_home));
/// let response = client.get("/").send().await?;
/// assert_eq!(response.header("location"), Some("http://elsewhere.example/"));
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
#[derive(Clone)]
pub struct RedirectPolicy(Arc<Decide>);

type Decide = dyn Fn(&RedirectAttempt<'_>) -> RedirectAction + Send + Sync;

/// A redirect that could be followed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RedirectAttempt<'a> {
    /// The status of the redirecting answer.
    pub status: StatusCode,
    /// The URL that gave it, without user and password.
    pub from: &'a str,
    /// The URL that it leads to.
    pub to: &'a str,
    /// The method of the request that would go there.
    pub method: &'a Method,
    /// Whether scheme, host and port stay the same.
    pub is_same_origin: bool,
    /// The redirects that were followed before, the first one first.
    pub history: &'a [Redirect],
}

/// What becomes of a redirect. The four are all there is: go on as a stranger or as oneself, stay,
/// give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectAction {
    /// Follow it. To another origin neither credentials nor cookies nor `Host` go along, and of the
    /// request's own [`tls`](crate::RequestBuilder::tls) only the authorities and the oldest version:
    /// who the client is, pinned keys, another name and what is dangerous are for the first origin.
    Follow,
    /// Follow it, with all of the request's own [`tls`](crate::RequestBuilder::tls), if it is the
    /// same hands that the other origin is in.
    FollowWithTls,
    /// Do not: it is the answer.
    Stop,
    /// Fail, for this reason; [`FetchError::is_redirect`](crate::FetchError::is_redirect) holds.
    Refuse(String),
}

impl RedirectPolicy {
    /// Decides by a function.
    pub fn new<F>(decide: F) -> RedirectPolicy
    where
        F: Fn(&RedirectAttempt<'_>) -> RedirectAction + Send + Sync + 'static,
    {
        RedirectPolicy(Arc::new(decide))
    }

    pub(crate) fn decide(&self, attempt: &RedirectAttempt<'_>) -> RedirectAction {
        (self.0)(attempt)
    }
}

impl fmt::Debug for RedirectPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedirectPolicy")
    }
}

/// Two are equal if they are clones of one.
impl PartialEq for RedirectPolicy {
    fn eq(&self, other: &RedirectPolicy) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for RedirectPolicy {}
