//! What a client asks.

use crate::origin::Origin;
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
/// It is as large as a pointer, so that handing it on costs nothing.
pub struct Request(Box<Inner>);

struct Inner {
    head: Head,
    body: Body,
    connection: Connection,
    origin: Origin,
    taken: Option<Taken>,
    state: Option<State>,
    upgrade: Option<Upgrade>,
    deadline: Option<Deadline>,
}

/// Among the extensions, because few requests have one.
#[derive(Clone)]
struct Protocol(Arc<str>);

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Request {
        let mut request = Request::default();
        request.0.head.method = method;
        request.0.head.uri = uri;
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
        self.0.head.method = method;
        self
    }

    /// Sets a header, in place of any of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Request {
        self.0.head.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Request {
        self.0.body = body.into();
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.0.head.method
    }

    /// The method, to change.
    pub fn method_mut(&mut self) -> &mut Method {
        &mut self.0.head.method
    }

    /// The target: on a server mostly a path and a query, in a client a whole URI.
    pub fn uri(&self) -> &Uri {
        &self.0.head.uri
    }

    /// Sets the target. The parameters of a route already taken are forgotten, because they stand
    /// in the old one.
    pub fn set_uri(&mut self, uri: Uri) {
        self.0.head.uri = uri;
        self.0.taken = None;
    }

    /// Sets the target to one that reads the same: the parameters of the route stand in it as before.
    pub(crate) fn replace_uri(&mut self, uri: Uri) {
        self.0.head.uri = uri;
    }

    /// The version of HTTP that the request came in.
    pub fn version(&self) -> Version {
        self.0.head.version
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.head.headers
    }

    /// The value of a header, if it is there and is visible ASCII.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.0.head.headers.get(name)?.to_str().ok()
    }

    /// Host and port as the client named them: as a trusted proxy told, else of the URI if it has
    /// them, of `Host` otherwise (RFC 9112 §3.2.2). The client chose it; compare it with a list
    /// before trusting it. A user in the URI (RFC 9110 §4.2.4) is left out.
    pub fn host(&self) -> Option<&str> {
        if let Some(host) = self.0.origin.forwarded().and_then(|told| told.host.as_deref()) {
            return Some(host);
        }
        match self.0.head.uri.authority() {
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
        match self.0.origin.forwarded() {
            Some(told) => told.client,
            None => self.0.connection.remote_addr().map(|addr| addr.ip()),
        }
    }

    /// Whether the client's own connection is encrypted: as a trusted proxy told, else the one
    /// that the request came on.
    pub fn is_secure(&self) -> bool {
        match self.0.origin.forwarded() {
            Some(told) => told.secure,
            None => self.0.connection.is_secure(),
        }
    }

    /// The scheme of the URL that the client asked for: `"https"` if it
    /// [is secure](Request::is_secure), `"http"` otherwise.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// Says what a proxy that is trusted told of the client. For the server.
    pub fn set_forwarded(&mut self, forwarded: Forwarded) {
        self.0.origin.set_forwarded(forwarded);
    }

    /// What the request is known by in the logs of all servers that it passes, if the server
    /// gives or takes such an id.
    pub fn id(&self) -> Option<&str> {
        self.0.origin.id()
    }

    /// Sets the [id](Request::id). For the server.
    pub fn set_id(&mut self, id: HeaderValue) {
        self.0.origin.set_id(id);
    }

    /// The span that the server made for the request; a disabled one without.
    pub fn span(&self) -> &tracing::Span {
        self.0.origin.span()
    }

    /// Sets the [span](Request::span). For the server. A field `route` of it is filled in when the
    /// request takes its route.
    pub fn set_span(&mut self, span: tracing::Span) {
        self.0.origin.set_span(span);
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The body, to read from, replace, or set the [limit](Body::set_limit) of.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.0.body
    }

    /// The body, for good.
    pub fn into_body(self) -> Body {
        self.0.body
    }

    /// Values that travel with the request and do not go over the wire.
    pub fn extensions(&self) -> &Extensions {
        &self.0.head.extensions
    }

    /// The same, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.head.extensions
    }

    /// The connection that the request came on.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// Says on which connection the request came. For the server.
    pub fn set_connection(&mut self, connection: Connection) {
        self.0.connection = connection;
    }

    /// The time that the server gives whoever answers, if it has a limit.
    pub fn deadline(&self) -> Option<&Deadline> {
        self.0.deadline.as_ref()
    }

    /// Says that there is a limit. For the server.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.0.deadline = Some(deadline);
    }

    /// The route that the request took, if a router was involved.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.0.taken.as_ref().map(|taken| &taken.route)
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
        self.0.origin.record_route(&route.pattern);
        self.0.taken = Some(Taken::new(route, self.0.head.uri.path(), parameters));
    }

    pub(crate) fn parameters(&self) -> Option<impl ExactSizeIterator<Item = (&str, &str)> + Clone> {
        Some(self.0.taken.as_ref()?.parameters(self.0.head.uri.path()))
    }

    /// Gives the handlers behind it the values of their application. For the application.
    pub fn set_state(&mut self, state: State) {
        self.0.state = Some(state);
    }

    /// A value that all loops of the application share.
    ///
    /// # Errors
    /// The application was given none of this type: a 500 whose cause says so.
    pub fn shared<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, Error> {
        let value = self.0.state.as_ref().and_then(State::shared);
        value.ok_or_else(|| missing::<T>("shared"))
    }

    /// A value of the loop that the handler runs on.
    ///
    /// # Errors
    /// The application was given none of this type, or the request has left its loop: a 500 whose
    /// cause says so.
    pub fn per_loop<T: 'static>(&self) -> Result<Rc<T>, Error> {
        let value = self.0.state.as_ref().and_then(State::per_loop);
        value.ok_or_else(|| missing::<T>("per-loop"))
    }

    /// Takes the right to the connection, if the client may be given another protocol on it; see
    /// [`Upgrade`].
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        self.0.upgrade.take()
    }

    /// The protocol that the client would speak instead, if it asks for one by the extended CONNECT
    /// of HTTP/2 (RFC 8441), such as `websocket`. HTTP/1.1 asks by `Upgrade` headers, of a GET; so
    /// the server presents this one as a GET, too. It is answered with 200 in place of 101.
    pub fn protocol(&self) -> Option<&str> {
        self.0.head.extensions.get::<Protocol>().map(|protocol| &*protocol.0)
    }

    /// Says what the client would speak. For the server.
    pub fn set_protocol(&mut self, protocol: &str) {
        self.0.head.extensions.insert(Protocol(protocol.into()));
    }

    /// Adds the right to the connection. For the server.
    pub fn set_upgrade(&mut self, upgrade: Upgrade) {
        self.0.upgrade = Some(upgrade);
    }

    /// A request of a head and a body, as the `http` crate knows them.
    #[inline]
    pub fn from_parts(head: Parts, body: Body) -> Request {
        // Into its place at once: the head is hundreds of bytes.
        let place = Box::new_uninit();
        Request(Box::write(
            place,
            Inner {
                head: Head::new(head),
                body,
                connection: Connection::default(),
                origin: Origin::default(),
                taken: None,
                state: None,
                upgrade: None,
                deadline: None,
            },
        ))
    }

    /// Head and body, as the `http` crate knows them. Connection, route, state and upgrade stay
    /// behind.
    pub fn into_parts(self) -> (Parts, Body) {
        let Inner { head, body, .. } = *self.0;
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
            .field("method", &self.0.head.method)
            .field("uri", &self.0.head.uri)
            .field("headers", &self.0.head.headers)
            .field("body", &self.0.body)
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
