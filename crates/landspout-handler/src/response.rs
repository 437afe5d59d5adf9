//! The answer to a request.

use crate::{Body, Error, Route, Upgrade};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
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
#[derive(Debug, Default)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    extensions: Extensions,
    error: Option<Error>,
    route: Option<Arc<Route>>,
    upgrade: Option<Upgrade>,
}

impl Response {
    /// A 200 with this body and no header.
    pub fn new(body: impl Into<Body>) -> Response {
        Response { body: body.into(), ..Response::default() }
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
        Response::typed("text/plain; charset=utf-8", text.into())
    }

    /// A 200 with a page, as `text/html; charset=utf-8`.
    pub fn html(page: impl Into<Body>) -> Response {
        Response::typed("text/html; charset=utf-8", page.into())
    }

    /// A 200 with bytes of the given content type.
    pub fn bytes(content_type: &'static str, bytes: impl Into<Bytes>) -> Response {
        Response::typed(content_type, bytes.into().into())
    }

    /// A 200 with a value as JSON, as `application/json`.
    ///
    /// # Errors
    /// The value has no JSON form, such as a map whose keys are not strings: a 500.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Response, Error> {
        let json = serde_json::to_vec(value)?;
        Ok(Response::typed("application/json", json.into()))
    }

    /// Sends the client elsewhere with this status: 303 to show the result of a POST, 302 or 307
    /// for now, 301 or 308 for ever.
    ///
    /// # Errors
    /// `location` cannot stand in a header, or `status` is not a redirection: a 500, because the
    /// handler made them.
    pub fn redirect(status: u16, location: &str) -> Result<Response, Error> {
        if !(300..400).contains(&status) {
            return Err(Error::internal(format!("{status} is not a redirection")));
        }
        let location = HeaderValue::from_str(location)
            .map_err(|_| Error::internal(format!("{location:?} cannot be a Location")))?;
        Ok(Response::empty(status).with_header(LOCATION, location))
    }

    fn typed(content_type: &'static str, body: Body) -> Response {
        Response::new(body).with_header(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// Sets the status.
    ///
    /// # Panics
    /// `status` is not between 100 and 999.
    #[must_use]
    #[track_caller]
    pub fn with_status(mut self, status: u16) -> Response {
        self.status = StatusCode::from_u16(status)
            .unwrap_or_else(|_| panic!("a status is between 100 and 999, and {status} is not"));
        self
    }

    /// Sets a header, in place of any of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Response {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Response {
        self.body = body.into();
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The body, to read from or replace.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }

    /// The body, for good.
    pub fn into_body(self) -> Body {
        self.body
    }

    /// Values that travel with the response and do not go over the wire.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The same, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The error that this response tells of, for whoever logs it or makes a page of it.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Takes the error away, so that nobody tells of it twice.
    pub fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// The route that answered, if a router was involved: for logs and metrics.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.route.as_ref()
    }

    /// Says which route answered.
    pub fn set_route(&mut self, route: Arc<Route>) {
        self.route = Some(route);
    }

    /// Adds the right to the connection, on the side of a client that was answered with 101.
    pub fn set_upgrade(&mut self, upgrade: Upgrade) {
        self.upgrade = Some(upgrade);
    }

    /// Takes the right to the connection after a 101; see [`Upgrade`].
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        self.upgrade.take()
    }

    /// As `http::Response`, for code that speaks the `http` crate's types. Error, route and
    /// upgrade stay behind.
    pub fn into_http(self) -> http::Response<Body> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        *response.extensions_mut() = self.extensions;
        response
    }
}

/// The text of the error, with its status and headers; the error itself stays reachable by
/// [`Response::error`].
impl From<Error> for Response {
    fn from(error: Error) -> Response {
        let mut response = Response::text(error.to_string());
        response.status = error.status();
        for (name, value) in error.headers() {
            response.headers.append(name, value.clone());
        }
        response.error = Some(error);
        response
    }
}

impl From<http::Response<Body>> for Response {
    fn from(response: http::Response<Body>) -> Response {
        let (parts, body) = response.into_parts();
        Response {
            status: parts.status,
            headers: parts.headers,
            extensions: parts.extensions,
            body,
            ..Response::default()
        }
    }
}
