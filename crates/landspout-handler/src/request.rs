//! What a client asks.

use crate::place::{Content, Place};
use crate::route::Taken;
use crate::spare::Head;
use crate::{Body, Connection, Deadline, Error, Forwarded, Route, State, Upgrade};
use http::header::HOST;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version};
use std::any::type_name;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A method, a URI, headers and a [`Body`]; and what is known of where they came from.
///
/// The typed arguments are methods: [`path`](Request::path), [`query`](Request::query),
/// [`json`](Request::json), [`form`](Request::form), [`cookie`](Request::cookie).
///
/// ```
/// use landspout_handler::Request;
///
/// let request = Request::post("/stories?draft=yes").with_body("once upon a time");
/// assert_eq!(request.method(), "POST");
/// assert_eq!(request.uri().path(), "/stories");
/// assert_eq!(request.query_value("draft").as_deref(), Some("yes"));
/// ```
///
/// It is as large as two pointers, so that handing it on costs next to nothing.
pub struct Request(pub(crate) Place);

/// Among the extensions, because few requests have one.
#[derive(Clone)]
struct Protocol(Arc<str>);

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Request {
        let mut request = Request::default();
        request.0.content_mut().head.method = method;
        request.0.content_mut().head.uri = uri;
        request
    }

    /// A GET of `uri`, for tests and examples.
    ///
    /// # Panics
    /// `uri` is not a URI; [`Request::new`] takes one that was parsed already.
    #[track_caller]
    pub fn get(uri: &str) -> Request {
        Request::of(Method::GET, uri)
    }

    /// A POST to `uri`, for tests and examples.
    ///
    /// # Panics
    /// `uri` is not a URI; [`Request::new`] takes one that was parsed already.
    #[track_caller]
    pub fn post(uri: &str) -> Request {
        Request::of(Method::POST, uri)
    }

    #[track_caller]
    fn of(method: Method, uri: &str) -> Request {
        let parsed = uri.parse().unwrap_or_else(|error| panic!("{uri:?} is not a URI: {error}"));
        Request::new(method, parsed)
    }

    /// Sets the method.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Request {
        self.0.content_mut().head.method = method;
        self
    }

    /// Sets a header, in place of any of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Request {
        self.0.content_mut().head.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Request {
        self.0.content_mut().body = body.into();
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.0.content().head.method
    }

    /// The method, to change.
    pub fn method_mut(&mut self) -> &mut Method {
        &mut self.0.content_mut().head.method
    }

    /// The target: on a server mostly a path and a query, in a client a whole URI.
    pub fn uri(&self) -> &Uri {
        &self.0.content().head.uri
    }

    /// Sets the target. The parameters of a route already taken are forgotten, because they stand
    /// in the old one.
    pub fn set_uri(&mut self, uri: Uri) {
        self.0.content_mut().head.uri = uri;
        self.0.about_mut().taken = None;
    }

    /// The version of HTTP that the request came in.
    pub fn version(&self) -> Version {
        self.0.content().head.version
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.content().head.headers
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.content_mut().head.headers
    }

    /// The value of a header, if it is there and is visible ASCII.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.0.content().head.headers.get(name)?.to_str().ok()
    }

    /// Host and port as the client named them: as a trusted proxy told, else of the URI if it has
    /// them, of `Host` otherwise (RFC 9112 §3.2.2). The client chose it; compare it with a list
    /// before trusting it. A user in the URI (RFC 9110 §4.2.4) is left out.
    pub fn host(&self) -> Option<&str> {
        if let Some(host) = self.0.about().origin.forwarded().and_then(|told| told.host.as_deref())
        {
            return Some(host);
        }
        match self.0.content().head.uri.authority() {
            Some(authority) => authority.as_str().rsplit('@').next(),
            None => self.header(HOST),
        }
    }

    /// The address of the client: as a trusted proxy told, else that of the other end of the
    /// connection. `None` if nobody knows it: the proxy said so, or there is no address, as on
    /// a Unix socket.
    ///
    /// ```
    /// use landspout_handler::{Forwarded, Request};
    ///
    /// let mut request = Request::get("/");
    /// assert_eq!((request.client_ip(), request.scheme()), (None, "http"));
    ///
    /// let mut told = Forwarded::default();
    /// (told.client, told.secure) = (Some([192, 0, 2, 7].into()), true);
    /// request.set_forwarded(told);
    /// assert_eq!(request.client_ip(), Some([192, 0, 2, 7].into()));
    /// assert_eq!(request.scheme(), "https");
    /// ```
    pub fn client_ip(&self) -> Option<IpAddr> {
        match self.0.about().origin.forwarded() {
            Some(told) => told.client,
            None => self.0.about().connection.remote_addr().map(|addr| addr.ip()),
        }
    }

    /// Whether the client's own connection is encrypted: as a trusted proxy told, else the one
    /// that the request came on.
    pub fn is_secure(&self) -> bool {
        match self.0.about().origin.forwarded() {
            Some(told) => told.secure,
            None => self.0.about().connection.is_secure(),
        }
    }

    /// The scheme of the URL that the client asked for: `"https"` if it
    /// [is secure](Request::is_secure), `"http"` otherwise.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// Says what a proxy that is trusted told of the client. For the server.
    pub fn set_forwarded(&mut self, forwarded: Forwarded) {
        self.0.about_mut().origin.set_forwarded(forwarded);
    }

    /// What the request is known by in the logs of all servers that it passes, if the server
    /// gives or takes such an id.
    pub fn id(&self) -> Option<&str> {
        self.0.about().origin.id()
    }

    /// Sets the [id](Request::id). For the server.
    pub fn set_id(&mut self, id: HeaderValue) {
        self.0.about_mut().origin.set_id(id);
    }

    /// The span that the server made for the request; a disabled one without.
    pub fn span(&self) -> &tracing::Span {
        self.0.about().origin.span()
    }

    /// Sets the [span](Request::span). For the server. A field `route` of it is filled in when the
    /// request takes its route.
    pub fn set_span(&mut self, span: tracing::Span) {
        self.0.about_mut().origin.set_span(span);
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.0.content().body
    }

    /// The body, to read from, replace, or set the [limit](Body::set_limit) of.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.0.content_mut().body
    }

    /// The body, for good.
    pub fn into_body(self) -> Body {
        self.0.into_content().body
    }

    /// Values that travel with the request and do not go over the wire.
    pub fn extensions(&self) -> &Extensions {
        &self.0.content().head.extensions
    }

    /// The same, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.content_mut().head.extensions
    }

    /// The connection that the request came on.
    pub fn connection(&self) -> &Connection {
        &self.0.about().connection
    }

    /// Says on which connection the request came. For the server.
    pub fn set_connection(&mut self, connection: Connection) {
        self.0.about_mut().connection = connection;
    }

    /// The time that the server gives whoever answers, if it has a limit.
    pub fn deadline(&self) -> Option<&Deadline> {
        self.0.about().deadline.as_ref()
    }

    /// Says that there is a limit. For the server.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.0.about_mut().deadline = Some(deadline);
    }

    /// The route that the request took, if a router was involved.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.0.about().taken.as_ref().map(|taken| &taken.route)
    }

    /// Says which route the request took, and where in its path the parameters stand. For the
    /// router's user.
    ///
    /// # Panics
    /// There is not one range for each of the route's names, or one is no part of the path.
    pub fn set_route(
        &mut self,
        route: Arc<Route>,
        parameters: impl IntoIterator<Item = Range<usize>>,
    ) {
        self.0.about().origin.record_route(&route.pattern);
        let taken = Taken::new(route, self.0.path(), parameters);
        self.0.about_mut().taken = Some(taken);
    }

    pub(crate) fn parameters(&self) -> Option<impl ExactSizeIterator<Item = (&str, &str)> + Clone> {
        Some(self.0.about().taken.as_ref()?.parameters(self.0.path()))
    }

    /// Gives the handlers behind it the values of their application. For the application.
    pub fn set_state(&mut self, state: State) {
        self.0.about_mut().state = Some(state);
    }

    /// A value that all loops of the application share.
    ///
    /// # Errors
    /// The application was given none of this type: a 500 whose cause says so.
    pub fn shared<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, Error> {
        let value = self.0.about().state.as_ref().and_then(State::shared);
        value.ok_or_else(|| missing::<T>("shared"))
    }

    /// A value of the loop that the handler runs on.
    ///
    /// # Errors
    /// The application was given none of this type, or the request has left its loop: a 500 whose
    /// cause says so.
    pub fn per_loop<T: 'static>(&self) -> Result<Rc<T>, Error> {
        let value = self.0.about().state.as_ref().and_then(State::per_loop);
        value.ok_or_else(|| missing::<T>("per-loop"))
    }

    /// Takes the right to the connection, if the client may be given another protocol on it; see
    /// [`Upgrade`].
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        self.0.about_mut().upgrade.take()
    }

    /// The protocol that the client would speak instead, if it asks for one by the extended CONNECT
    /// of HTTP/2 (RFC 8441), such as `websocket`. HTTP/1.1 asks by `Upgrade` headers, of a GET; so
    /// the server presents this one as a GET, too. It is answered with 200 in place of 101.
    pub fn protocol(&self) -> Option<&str> {
        self.0.content().head.extensions.get::<Protocol>().map(|protocol| &*protocol.0)
    }

    /// Says what the client would speak. For the server.
    pub fn set_protocol(&mut self, protocol: &str) {
        self.0.content_mut().head.extensions.insert(Protocol(protocol.into()));
    }

    /// Adds the right to the connection. For the server.
    pub fn set_upgrade(&mut self, upgrade: Upgrade) {
        self.0.about_mut().upgrade = Some(upgrade);
    }

    /// A request of a head and a body, as the `http` crate knows them.
    #[inline]
    pub fn from_parts(head: Parts, body: Body) -> Request {
        Request(Place::new(Head::new(head), body))
    }

    /// Makes it as small as it can be, for a handler that keeps it for long, as that of a WebSocket
    /// does.
    ///
    /// What it shares with the buffer that it was read into, which is 8 KiB and more, is copied, so
    /// that the buffer can be freed. Target and headers are packed; the first look at them unpacks
    /// them, and they stay so. The path's parameters, the connection and the values of the
    /// application are there without that.
    ///
    /// ```
    /// use landspout_handler::Request;
    ///
    /// let mut request = Request::get("/room?name=den").with_header(
    ///     http::header::ORIGIN,
    ///     http::HeaderValue::from_static("https://example.com"),
    /// );
    /// request.shrink_to_fit();
    /// assert_eq!(request.uri(), "/room?name=den");
    /// assert_eq!(request.header("origin"), Some("https://example.com"));
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.0.pack();
    }

    /// Head and body, as the `http` crate knows them. Connection, route, state and upgrade stay
    /// behind.
    pub fn into_parts(self) -> (Parts, Body) {
        let Content { head, body } = self.0.into_content();
        (head.into_inner(), body)
    }

    /// As `http::Request`, for code that speaks the `http` crate's types. Connection, route, state
    /// and upgrade stay behind.
    pub fn into_http(self) -> http::Request<Body> {
        let (head, body) = self.into_parts();
        http::Request::from_parts(head, body)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.0.content().head.method)
            .field("uri", &self.0.content().head.uri)
            .field("headers", &self.0.content().head.headers)
            .field("body", &self.0.content().body)
            .finish_non_exhaustive()
    }
}

impl Default for Request {
    fn default() -> Request {
        Request::from(http::Request::new(Body::empty()))
    }
}

impl From<http::Request<Body>> for Request {
    fn from(request: http::Request<Body>) -> Request {
        let (head, body) = request.into_parts();
        Request::from_parts(head, body)
    }
}

fn missing<T>(kind: &str) -> Error {
    Error::internal(format!("the application has no {kind} value of type {}", type_name::<T>()))
}
