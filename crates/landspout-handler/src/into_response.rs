//! What a handler may return.

use crate::{Body, Error, Response};
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use std::borrow::Cow;

/// What turns into a [`Response`]: the return types of handlers.
///
/// | value | response |
/// |---|---|
/// | [`Response`] | itself |
/// | `&'static str`, `String`, `Cow<'static, str>` | 200, `text/plain; charset=utf-8` |
/// | [`Html`] | 200, `text/html; charset=utf-8` |
/// | [`Json`] | 200, `application/json` |
/// | `Bytes`, `Vec<u8>`, [`Body`] | 200, `application/octet-stream` |
/// | `()` | 204 |
/// | `StatusCode` | that status, no body |
/// | `(StatusCode, value)` | the value's response with that status |
/// | [`Error`] | its status and message |
/// | `Result<value, value>` | whichever it is |
///
/// ```
/// use landspout_handler::{IntoResponse, Json};
///
/// assert_eq!("hello".into_response().status(), 200);
/// assert_eq!(().into_response().status(), 204);
/// let response = Json([1, 2]).into_response();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not turn into a response",
    label = "a handler cannot return this",
    note = "return `Response`, text, `Html`, `Json`, `StatusCode`, or a `Result` of one of them with `landspout_handler::Error`"
)]
pub trait IntoResponse {
    /// Turns the value into a response.
    fn into_response(self) -> Response;
}

/// A value that is answered as JSON; one without a JSON form becomes a 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// Text that is answered as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Html<T>(pub T);

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        Response::json(&self.0).unwrap_or_else(Response::from)
    }
}

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        Response::html(self.0)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        Response::empty(self.as_u16())
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        self.1.into_response().with_status(self.0.as_u16())
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for Cow<'static, str> {
    fn into_response(self) -> Response {
        match self {
            Cow::Borrowed(text) => text.into_response(),
            Cow::Owned(text) => text.into_response(),
        }
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        Response::bytes("application/octet-stream", self)
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Bytes::from(self).into_response()
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Bytes::new().into_response().with_body(self)
    }
}
