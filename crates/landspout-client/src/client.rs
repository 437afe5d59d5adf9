//! The client.

use crate::auth::conceal;
use crate::call::{Call, Role, usual_headers};
use crate::error::{Failure, Kind};
use crate::fetch::Fetch;
use crate::memory::Memory;
use crate::metrics::Counters;
use crate::network::Network;
use crate::options::Rules;
use crate::retry::RetryBudget;
use crate::target::{Target, TargetError};
use crate::timings::Stopwatch;
use crate::{
    ClientConfig, ClientMetrics, ClientResponse, FetchError, FetchHandle, Phase, PoolStats, Replay,
    RequestBuilder, RequestOptions, Resolver, TraceContext,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use landspout_handler::{Handler, Request};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// An HTTP client with a pool of connections. A clone shares the pool and the settings; a program
/// needs one.
///
/// ```
/// use landspout_client::{Client, Request, Response};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// async fn hello(request: Request) -> Response {
///     Response::text(format!("hello, {}", request.query_value("name").unwrap_or_default()))
/// }
/// // `Client::new()` goes over the network; this one asks a function in its place.
/// let client = Client::over(hello);
/// let mut response = client.get("/").query(&[("name", "Ada")]).send().await?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text().await?, "hello, Ada");
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
///
/// It runs on any tokio runtime whose I/O and time drivers are on. Connections belong to the runtime
/// that they were made on; when that ends they end, and the client makes others.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    /// What a request says that does not say otherwise.
    pub(crate) defaults: Option<Arc<RequestOptions>>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: ClientConfig,
    /// What they are for a request.
    rules: Rules,
    /// Those of the settings, or what is wrong with one that the client would add.
    pub(crate) headers: Result<HeaderMap, String>,
    /// Those that the client adds by itself.
    pub(crate) usual_headers: HeaderMap,
    /// Where the last request went: the next one often goes there too, or to another path of the
    /// same origin.
    last: Mutex<Option<Remembered>>,
    pub(crate) backend: Backend,
    pub(crate) budget: RetryBudget,
    pub(crate) counters: Arc<Counters>,
}

/// A URL that was read, and what was read in it.
struct Remembered {
    url: String,
    target: Target,
}

/// What answers.
#[derive(Debug)]
pub(crate) enum Backend {
    Network(Box<Network>),
    Memory(Memory),
}

/// What relative URLs are relative to, where a handler answers.
const MEMORY_BASE: &str = "http://localhost/";

impl Client {
    /// A client with the default settings.
    pub fn new() -> Client {
        Client::with_config(ClientConfig::default())
    }

    /// A client with these settings.
    pub fn with_config(config: ClientConfig) -> Client {
        let backend = Backend::Network(Box::new(Network::new(&config, None)));
        Client { inner: Arc::new(Inner::new(config, backend)), defaults: None }
    }

    /// A client with these settings, which asks `resolver` for the addresses of host names.
    pub fn with_resolver(config: ClientConfig, resolver: impl Resolver + 'static) -> Client {
        let network = Network::new(&config, Some(Box::new(resolver)));
        let backend = Backend::Network(Box::new(network));
        Client { inner: Arc::new(Inner::new(config, backend)), defaults: None }
    }

    /// A client whose requests go to a handler in memory instead of the network: for tests, and for
    /// whoever asks an application from within.
    ///
    /// All else is the same: redirects, limits, timeouts. URLs may be relative, as `/path`. The
    /// handler runs on the current loop; the client can be sent anywhere.
    ///
    /// # Panics
    /// The current task is not on a tokio `LocalRuntime` or `LocalSet`.
    pub fn over(handler: impl Handler + 'static) -> Client {
        Client::over_with_config(handler, ClientConfig::default())
    }

    /// As [`over`](Client::over), with these settings. Those of connections have no effect.
    ///
    /// # Panics
    /// As for `over`.
    pub fn over_with_config(handler: impl Handler + 'static, config: ClientConfig) -> Client {
        let backend = Backend::Memory(Memory::new(handler));
        Client { inner: Arc::new(Inner::new(config, backend)), defaults: None }
    }

    /// A client that shares the pool and the settings of this one, and whose requests have these
    /// options where they do not set their own: credentials, a cookie jar, a policy. Those that
    /// this one has stay, where the new ones say nothing.
    #[must_use]
    pub fn with_defaults(mut self, options: RequestOptions) -> Client {
        self.defaults = Some(Arc::new(self.merged(options)));
        self
    }

    /// What this client and its clones have done so far, in numbers.
    pub fn metrics(&self) -> ClientMetrics {
        self.inner.counters.read()
    }

    /// These options, and where they say nothing the client's.
    pub(crate) fn merged(&self, own: RequestOptions) -> RequestOptions {
        match &self.defaults {
            Some(defaults) => own.or(defaults),
            None => own,
        }
    }

    /// Those of a request that says nothing itself.
    pub(crate) fn rules(&self) -> Rules {
        match &self.defaults {
            Some(defaults) => RequestOptions::clone(defaults).over(&self.inner.config),
            None => self.inner.rules.clone(),
        }
    }

    /// The settings.
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// What the pool holds now. A client over a handler in memory has none, and counts nothing.
    pub fn pool_stats(&self) -> PoolStats {
        match &self.inner.backend {
            Backend::Network(network) => network.leases.stats(),
            Backend::Memory(_) => PoolStats::default(),
        }
    }

    /// Begins a GET.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a HEAD.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Begins a POST.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a PUT.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Begins a DELETE.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Begins a PATCH.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Begins an OPTIONS.
    pub fn options(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::OPTIONS, url)
    }

    /// Begins the handshake of a WebSocket; `ws` and `wss` are `http` and `https`.
    /// [`connect`](RequestBuilder::connect) opens it, [`reconnect`](RequestBuilder::reconnect) as
    /// often as it breaks.
    #[cfg(feature = "websocket")]
    pub fn websocket(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.get(crate::websocket::http_url(url.as_ref()))
    }

    /// Begins a request of any method but CONNECT. A malformed URL is an error of
    /// [`send`](RequestBuilder::send).
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, self.inner.target(url.as_ref()))
    }

    /// Sends a request that was made elsewhere. Its URI is a whole URL, and goes over the wire as it
    /// is. Options of its own travel in its extensions, as [`RequestOptions`].
    ///
    /// The answer is there when its head is; the body is read from the [`ClientResponse`]. A status
    /// such as 404 is an answer, not an error.
    ///
    /// # Errors
    /// There is no answer: see [`FetchError`].
    ///
    /// # Cancel safety
    /// Dropping the future cancels the request: the connection is closed, and its place in the pool
    /// is free at once. Whether the server acted on it is not known.
    pub async fn fetch(&self, request: Request) -> Result<ClientResponse, FetchError> {
        self.fetch_as(Role::Agent, request, RequestOptions::default()).await
    }

    /// Sends a request, and calls a function with the answer or the error, on the runtime's own
    /// account: nothing need be awaited.
    ///
    /// # Panics
    /// The current thread is on no tokio runtime.
    ///
    /// ```
    /// use landspout_client::{Client, Request};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (sender, receiver) = tokio::sync::oneshot::channel();
    /// let request = Request::get("http://127.0.0.1:1/");
    /// Client::new().fetch_with(request, |result| drop(sender.send(result.is_err())));
    /// assert!(receiver.await.unwrap());
    /// # }
    /// ```
    pub fn fetch_with<F>(&self, request: Request, callback: F) -> FetchHandle
    where
        F: FnOnce(Result<ClientResponse, FetchError>) + Send + 'static,
    {
        let client = self.clone();
        FetchHandle::spawn(async move { client.fetch(request).await }, callback)
    }

    /// Sends a request; options that it brings along win over `options`.
    pub(crate) async fn fetch_as(
        &self,
        role: Role,
        request: Request,
        mut options: RequestOptions,
    ) -> Result<ClientResponse, FetchError> {
        let mut stopwatch = Stopwatch::new();
        stopwatch.start();
        let (head, body) = request.into_http().into_parts();
        let target = match head.uri.scheme() {
            Some(_) => Target::from_uri(&head.uri),
            None => self.inner.target(&head.uri.to_string()),
        };
        let target = match target {
            Ok(target) => target,
            Err(error) => return Err(invalid(error, &head.method, stopwatch)),
        };
        if let Some(own) = head.extensions.get::<RequestOptions>() {
            options = own.clone().or(&options);
        }
        if let Some(trace) = head.extensions.get::<TraceContext>() {
            options = options.or(&RequestOptions::default().trace(trace.clone()));
        }
        let replay = head.extensions.get::<Replay>().cloned();
        let rules = self.merged(options).over(&self.inner.config);
        let place = (head.method, target);
        let mut call = Box::new(Call::new(place, head.headers, (body, replay), rules, role));
        call.stopwatch = stopwatch;
        Fetch::new(&self.inner, call).run().await
    }
}

impl Inner {
    fn new(config: ClientConfig, backend: Backend) -> Inner {
        let headers = config.headers.iter().map(|(name, value)| {
            let pair = name.parse::<HeaderName>().ok().zip(HeaderValue::from_str(value).ok());
            let pair = pair.map(|(name, value)| (name.clone(), conceal(&name, value)));
            pair.ok_or_else(|| format!("the client's header {name:?} is none"))
        });
        let user_agent = match &*config.user_agent {
            "" => None,
            text => Some(
                HeaderValue::from_str(text)
                    .map_err(|_| format!("the client's user agent {text:?} is no header")),
            ),
        };
        let (user_agent, wrong) = match user_agent.transpose() {
            Ok(user_agent) => (user_agent, None),
            Err(wrong) => (None, Some(wrong)),
        };
        let headers = wrong.map_or_else(|| headers.collect(), Err);
        let usual_headers = usual_headers(user_agent);
        let budget = RetryBudget::new(config.retry_budget);
        let (counters, last) = (Arc::default(), Mutex::default());
        let rules = RequestOptions::default().over(&config);
        Inner { config, rules, headers, usual_headers, last, backend, budget, counters }
    }

    fn target(&self, url: &str) -> Result<Target, TargetError> {
        match self.backend {
            Backend::Network(_) => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                match last.as_mut().and_then(|last| last.read_alike(url)) {
                    Some(target) => Ok(target),
                    None => Target::parse(url).inspect(|target| {
                        *last = Remembered::of(url, target);
                    }),
                }
            }
            Backend::Memory(_) => Target::parse(MEMORY_BASE)?.join(url),
        }
    }
}

impl Remembered {
    /// User and password are not remembered.
    fn of(url: &str, target: &Target) -> Option<Remembered> {
        let (url, target) = (url.to_owned(), target.clone());
        target.credentials.is_none().then_some(Remembered { url, target })
    }

    /// Reads the same URL again, or one of the same origin.
    fn read_alike(&mut self, url: &str) -> Option<Target> {
        if self.url != url {
            self.target = Target::parse_beside(&self.target.origin, url)?;
            self.url.clear();
            self.url.push_str(url);
        }
        Some(self.target.clone())
    }
}

/// The URL is none of anybody's business who looks at the client.
impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.origin.fmt(f)
    }
}

pub(crate) fn invalid(
    cause: impl Into<crate::error::Cause>,
    method: &Method,
    stopwatch: Stopwatch,
) -> FetchError {
    let failure = Failure::new(Kind::Invalid, cause);
    FetchError::new(failure, Phase::Prepare, method, None, stopwatch.read())
}

impl Default for Client {
    fn default() -> Client {
        Client::new()
    }
}
