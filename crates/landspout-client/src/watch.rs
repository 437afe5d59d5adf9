//! Whoever wants to see what happens to requests.

use crate::{Attempt, Redirect, Timings};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::timings::Stopwatch;

/// Told what happens to requests. Each method does nothing unless it is overridden; all are called
/// on the task that makes the request, so that they must return soon.
///
/// ```
/// use landspout_client::{Client, End, Request, RequestOptions, Watch, Watched, Watcher};
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Default)]
/// struct Log(Mutex<Vec<String>>);
///
/// impl Watch for Log {
///     fn on_end(&self, request: &Watched, end: &End<'_>) {
///         let line = format!("{} {}: {:?}", request.method, request.url, end.outcome);
///         self.0.lock().unwrap().push(line);
///     }
/// }
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::over(|_: Request| async { "hello" });
/// let log = Arc::new(Log::default());
/// let client = client.with_defaults(RequestOptions::default().watch(Watcher::new(log.clone())));
/// client.get("/").send().await?.text().await?;
/// assert_eq!(*log.0.lock().unwrap(), ["GET http://localhost/: Complete"]);
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
pub trait Watch: Send + Sync {
    /// A request begins.
    fn on_start(&self, request: &Watched) {
        let _ = request;
    }

    /// It has a connection, new or used before; once for each attempt. Not over a handler in memory.
    fn on_connect(&self, request: &Watched, peer: Option<SocketAddr>, is_reused: bool) {
        let _ = (request, peer, is_reused);
    }

    /// An attempt failed or was answered by a passing error, and another one follows.
    fn on_retry(&self, request: &Watched, attempt: &Attempt) {
        let _ = (request, attempt);
    }

    /// A redirect is followed.
    fn on_redirect(&self, request: &Watched, redirect: &Redirect) {
        let _ = (request, redirect);
    }

    /// The head of the last answer is there.
    fn on_head(&self, request: &Watched, status: StatusCode, headers: &HeaderMap) {
        let _ = (request, status, headers);
    }

    /// It is over. Called once for each request that began and was not cancelled before its head.
    fn on_end(&self, request: &Watched, end: &End<'_>) {
        let _ = (request, end);
    }
}

/// Which request it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Watched {
    /// Its number, from 1, among the client's requests.
    pub id: u64,
    /// Its method, before redirects.
    pub method: Method,
    /// Its URL, before redirects; without user and password.
    pub url: String,
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct End<'a> {
    /// Whether it was answered to the last byte.
    pub outcome: Outcome<'a>,
    /// How long its phases took.
    pub timings: &'a Timings,
    /// Bytes of the body that were read, decompressed.
    pub bytes: u64,
}

/// Whether a request was answered to the last byte.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It was.
    Complete,
    /// There was a head, and the rest was not read.
    Abandoned,
    /// There was no answer, or its body broke.
    Failed(&'a (dyn std::error::Error + 'static)),
}

/// A [`Watch`] that requests can share.
#[derive(Clone)]
pub struct Watcher(Arc<dyn Watch>);

impl Watcher {
    /// Tells this one.
    pub fn new(watch: Arc<impl Watch + 'static>) -> Watcher {
        Watcher(watch)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// Two are equal if they tell the same.
impl PartialEq for Watcher {
    fn eq(&self, other: &Watcher) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Watcher {}

/// A request that somebody watches.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    watcher: Watcher,
    request: Arc<Watched>,
}

impl Sight {
    pub(crate) fn start(watcher: &Watcher, id: u64, method: &Method, url: String) -> Sight {
        let request = Arc::new(Watched { id, method: method.clone(), url });
        watcher.0.on_start(&request);
        Sight { watcher: watcher.clone(), request }
    }

    pub(crate) fn connected(&self, peer: Option<SocketAddr>, is_reused: bool) {
        self.watcher.0.on_connect(&self.request, peer, is_reused);
    }

    pub(crate) fn retried(&self, attempt: &Attempt) {
        self.watcher.0.on_retry(&self.request, attempt);
    }

    pub(crate) fn redirected(&self, redirect: &Redirect) {
        self.watcher.0.on_redirect(&self.request, redirect);
    }

    pub(crate) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        self.watcher.0.on_head(&self.request, status, headers);
    }

    pub(crate) fn ended(&self, outcome: Outcome<'_>, timings: &Timings, bytes: u64) {
        self.watcher.0.on_end(&self.request, &End { outcome, timings, bytes });
    }

    /// Watches a body to its end.
    pub(crate) fn body(self, body: Body, stopwatch: Stopwatch) -> Body {
        Body::wrap(SightedBody { body, sight: Some(self), stopwatch, bytes: 0 })
    }
}

/// A body whose end is told of.
struct SightedBody {
    body: Body,
    /// `None` once it was told.
    sight: Option<Sight>,
    stopwatch: Stopwatch,
    bytes: u64,
}

impl SightedBody {
    fn end(&mut self, outcome: Outcome<'_>) {
        if let Some(sight) = self.sight.take() {
            sight.ended(outcome, &self.stopwatch.read(), self.bytes);
        }
    }
}

impl http_body::Body for SightedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                self.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
                if self.body.is_end_stream() {
                    self.end(Outcome::Complete);
                }
            }
            Some(Err(error)) => self.end(Outcome::Failed(error)),
            None => self.end(Outcome::Complete),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for SightedBody {
    fn drop(&mut self) {
        let outcome = match self.body.is_end_stream() {
            true => Outcome::Complete,
            false => Outcome::Abandoned,
        };
        self.end(outcome);
    }
}
