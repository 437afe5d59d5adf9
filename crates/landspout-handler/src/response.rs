//! The answer to a request.

use crate::{Body, Error, Route, Upgrade, json, spare};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::response::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

/// A status, headers and a [`Body`].
///
/// ```
/// use landspout_handler::Response;
/// use http::header::CACHE_CONTROL;
///
/// let response = Response::html("<h1>Made</h1>")
///     .with_status(201)
///     .with_header(CACHE_CONTROL, "no-store".parse().unwrap());
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// assert_eq!(response.body().len(), Some(13));
/// ```
///
/// It is as large as a pointer, so that handing it on costs nothing.
pub struct Response(Box<Inner>);

struct Inner {
    head: Parts,
    body: Body,
    error: Option<Error>,
    route: Option<Arc<Route>>,
    upgrade: Option<Upgrade>,
}

thread_local! {
    /// The memory of an answer that was taken apart, for the next one: as it was when it was new.
    static SPARE: Cell<Option<Box<Inner>>> = const { Cell::new(None) };
}

impl Response {
    /// A 200 with this body and no header.
    pub fn new(body: impl Into<Body>) -> Response {
        // A thread that is ending has none.
        let mut inner = SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default();
        spare::exchange(&mut inner.head.headers);
        inner.body = body.into();
        Response(inner)
    }

    /// A response of this status without headers or body.
    ///
    /// # Panics
    /// `status` is not between 100 and 999.
    #[track_caller]
    pub fn empty(status: u16) -> Response {
        Response::default().with_status(status)
    }

    /// A 200 with text, as `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<Body>) -> Response {
        static TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
        Response::typed(TEXT.clone(), text.into())
    }

    /// A 200 with a page, as `text/html; charset=utf-8`.
    pub fn html(page: impl Into<Body>) -> Response {
        static HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
        Response::typed(HTML.clone(), page.into())
    }

    /// A 200 with bytes of the given content type.
    ///
    /// # Panics
    /// `content_type` is not visible ASCII.
    #[track_caller]
    pub fn bytes(content_type: &'static str, bytes: impl Into<Bytes>) -> Response {
        Response::typed(HeaderValue::from_static(content_type), bytes.into().into())
    }

    /// A 200 with a value as JSON, as `application/json`.
    ///
    /// # Errors
    /// The value has no JSON form, such as a map whose keys are not strings: a 500.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Response, Error> {
        static JSON: HeaderValue = HeaderValue::from_static("application/json");
        Ok(Response::typed(JSON.clone(), json::to_bytes(value)?.into()))
    }

    /// Sends the client elsewhere with this status: 303 to show the result of a POST, 302 or 307
    /// for now, 301 or 308 for ever.
    ///
    /// # Errors
    /// `location` cannot stand in a header, or `status` is not a redirection: a 500, because the
    /// handler made them.
    pub fn redirect(status: u16, location: &str) -> Result<Response, Error> {
        // RFC 9110 §15.4: the other statuses of this class say something else, or nothing.
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(Error::internal(format!("{status} is not a redirection")));
        }
        let location = HeaderValue::from_str(location)
            .map_err(|_| Error::internal(format!("{location:?} cannot be a Location")))?;
        Ok(Response::empty(status).with_header(LOCATION, location))
    }

    /// The content type is a value already: to check its characters again for each response would
    /// cost as much as to write them.
    fn typed(content_type: HeaderValue, body: Body) -> Response {
        Response::new(body).with_header(CONTENT_TYPE, content_type)
    }

    /// Sets the status.
    ///
    /// # Panics
    /// `status` is not between 100 and 999.
    #[must_use]
    #[track_caller]
    pub fn with_status(mut self, status: u16) -> Response {
        self.0.head.status = StatusCode::from_u16(status)
            .unwrap_or_else(|_| panic!("a status is between 100 and 999, and {status} is not"));
        self
    }

    /// Sets a header, in place of any of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Response {
        self.0.head.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Response {
        self.0.body = body.into();
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.head.headers
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The body, to read from or replace.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.0.body
    }

    /// The body, for good.
    pub fn into_body(self) -> Body {
        self.0.body
    }

    /// Values that travel with the response and do not go over the wire.
    pub fn extensions(&self) -> &Extensions {
        &self.0.head.extensions
    }

    /// The same, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.head.extensions
    }

    /// The error that this response tells of, for whoever logs it or makes a page of it.
    pub fn error(&self) -> Option<&Error> {
        self.0.error.as_ref()
    }

    /// Takes the error away, so that nobody tells of it twice.
    pub fn take_error(&mut self) -> Option<Error> {
        self.0.error.take()
    }

    /// The route that answered, if a router was involved: for logs and metrics.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.0.route.as_ref()
    }

    /// Says which route answered.
    pub fn set_route(&mut self, route: Arc<Route>) {
        self.0.route = Some(route);
    }

    /// Adds the right to the connection, on the side of a client that was answered with 101.
    pub fn set_upgrade(&mut self, upgrade: Upgrade) {
        self.0.upgrade = Some(upgrade);
    }

    /// Takes the right to the connection after a 101; see [`Upgrade`].
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        self.0.upgrade.take()
    }

    /// A response of a head and a body, as the `http` crate knows them.
    pub fn from_parts(head: Parts, body: Body) -> Response {
        let place = Box::new_uninit();
        Response(Box::write(place, Inner { head, body, error: None, route: None, upgrade: None }))
    }

    /// Head and body, as the `http` crate knows them. Error, route and upgrade stay behind.
    pub fn into_parts(mut self) -> (Parts, Body) {
        self.clear();
        let inner = &mut *self.0;
        let head = std::mem::replace(&mut inner.head, empty_head());
        let body = std::mem::replace(&mut inner.body, Body::empty());
        self.spare();
        (head, body)
    }

    /// As `http::Response`, for code that speaks the `http` crate's types. Error, route and
    /// upgrade stay behind.
    pub fn into_http(self) -> http::Response<Body> {
        self.into_http_with(|body| body)
    }

    /// As [`into_http`](Response::into_http), with a body that is made of this one's. For the server,
    /// because the head moves once.
    #[inline]
    pub fn into_http_with<B>(mut self, convert: impl FnOnce(Body) -> B) -> http::Response<B> {
        self.clear();
        let inner = &mut *self.0;
        let body = std::mem::replace(&mut inner.body, Body::empty());
        let mut response = http::Response::new(convert(body));
        *response.status_mut() = std::mem::take(&mut inner.head.status);
        *response.version_mut() = std::mem::take(&mut inner.head.version);
        std::mem::swap(response.headers_mut(), &mut inner.head.headers);
        std::mem::swap(response.extensions_mut(), &mut inner.head.extensions);
        self.spare();
        response
    }

    /// Drops what neither head nor body holds.
    fn clear(&mut self) {
        let inner = &mut *self.0;
        (inner.error, inner.route) = (None, None);
        if inner.upgrade.is_some() {
            inner.upgrade = None;
        }
    }

    /// Keeps the memory of one that is as it was when it was new.
    fn spare(self) {
        let _ = SPARE.try_with(|spare| spare.set(Some(self.0)));
    }
}

impl Default for Inner {
    fn default() -> Inner {
        Inner { head: empty_head(), body: Body::empty(), error: None, route: None, upgrade: None }
    }
}

fn empty_head() -> Parts {
    http::Response::new(()).into_parts().0
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.0.head.status)
            .field("headers", &self.0.head.headers)
            .field("body", &self.0.body)
            .field("error", &self.0.error)
            .finish_non_exhaustive()
    }
}

/// The text of the error, with its status and headers; the error itself stays reachable by
/// [`Response::error`].
impl From<Error> for Response {
    fn from(error: Error) -> Response {
        let mut response = Response::text(error.to_string());
        response.0.head.status = error.status();
        // In place of the text's own headers, where they have the same names.
        response.0.head.headers.extend(error.headers().clone());
        response.0.error = Some(error);
        response
    }
}

impl From<http::Response<Body>> for Response {
    fn from(response: http::Response<Body>) -> Response {
        let (head, body) = response.into_parts();
        Response::from_parts(head, body)
    }
}

impl Default for Response {
    fn default() -> Response {
        Response::new(Body::empty())
    }
}
