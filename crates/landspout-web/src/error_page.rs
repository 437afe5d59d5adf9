//! The pages and the log lines of errors.

use crate::accept::page_format;
use crate::page_body;
use http::header::GetAll;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use landspout_handler::{Error, Request, Response};
use std::error::Error as StdError;

/// What an error's page has to say; see [`Application::error_page`](crate::Application::error_page).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ErrorPage<'a> {
    /// The status of the answer, 400 to 599.
    pub status: StatusCode,
    /// What the client is told: the error's message, or the reason phrase of the status. It may
    /// hold what the client sent; a page must escape it.
    pub message: &'a str,
    /// The form that the client asked for.
    pub format: PageFormat,
    /// What lies behind the error, the nearest cause first. Empty unless the application
    /// [is being debugged](crate::Application::debug).
    pub causes: Vec<String>,
}

impl ErrorPage<'_> {
    /// The reason phrase of the status, such as `Not Found`.
    pub fn reason(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}

/// The form of an error's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageFormat {
    /// `text/plain`, for terminals, and for clients that do not mind.
    Text,
    /// `text/html`, for browsers.
    Html,
    /// `application/json`: `{"status":404,"error":"Not Found","message":"no such story"}`, without
    /// `message` where it says no more than `error`, and with `causes` while debugging.
    Json,
}

/// Makes a page, or leaves it to the application.
pub(crate) type Custom = Box<dyn Fn(&ErrorPage<'_>) -> Option<Response>>;

/// How an application tells its clients and its log of errors.
#[derive(Default)]
pub(crate) struct ErrorPages {
    pub(crate) debug: bool,
    pub(crate) custom: Option<Custom>,
}

/// What has to be known of a request after a handler has consumed it. Cloning it counts references
/// and copies nothing.
pub(crate) struct Asked {
    method: Method,
    target: Option<PathAndQuery>,
    accept: Option<HeaderValue>,
}

impl Asked {
    #[inline]
    pub(crate) fn of(request: &Request) -> Asked {
        let accept = accept(request.headers());
        let target = request.uri().path_and_query().cloned();
        Asked { method: request.method().clone(), target, accept }
    }

    /// The path of the request.
    pub(crate) fn path(&self) -> &str {
        self.target.as_ref().map_or("", PathAndQuery::path)
    }
}

/// What the client accepts, in one line.
#[inline]
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    // To look at each of a few names is cheaper than to look one up.
    let mut lines = headers.iter().filter(|(name, _)| **name == ACCEPT).map(|(_, line)| line);
    let first = lines.next()?;
    match lines.next() {
        None => Some(first.clone()),
        Some(_) => join(headers.get_all(ACCEPT)),
    }
}

/// RFC 9110 §5.3: several lines are one list.
#[cold]
fn join(lines: GetAll<'_, HeaderValue>) -> Option<HeaderValue> {
    let lines: Vec<_> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
    HeaderValue::from_str(&lines.join(",")).ok()
}

impl ErrorPages {
    /// Logs the error of a response and gives it a page. Afterwards the error is taken away, so
    /// that nobody does it again.
    #[inline]
    pub(crate) fn finish(&self, asked: &Asked, mut response: Response) -> Response {
        match response.take_error() {
            Some(error) => self.tell(asked, &error, response),
            None => response,
        }
    }

    #[cold]
    fn tell(&self, asked: &Asked, error: &Error, mut response: Response) -> Response {
        log(asked, &response, error);
        if is_text_of_error(&response) {
            self.write(asked, error, &mut response);
        }
        response
    }

    /// Puts the page in the place of the text; the other headers stay.
    fn write(&self, asked: &Asked, error: &Error, response: &mut Response) {
        let accept = asked.accept.as_ref().and_then(|line| line.to_str().ok());
        let page = ErrorPage {
            status: response.status(),
            message: error.message(),
            format: page_format(accept.unwrap_or("")),
            causes: if self.debug { causes(error) } else { Vec::new() },
        };
        let custom = self.custom.as_ref().and_then(|custom| custom(&page));
        let mut written = custom.unwrap_or_else(|| page_body::response(&page));
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.append(VARY, HeaderValue::from_static("accept"));
        headers.extend(std::mem::take(written.headers_mut()));
        *response.body_mut() = written.into_body();
    }
}

/// Whether the body is still what [`Response::from`] made of the error. Who told of the error in
/// another way, as JSON of a form of their own for instance, has the last word.
fn is_text_of_error(response: &Response) -> bool {
    let headers = response.headers();
    let is_text = headers.get(CONTENT_TYPE).is_none_or(|kind| kind == "text/plain; charset=utf-8");
    let status = response.status();
    is_text
        && !headers.contains_key(CONTENT_ENCODING)
        && (status.is_client_error() || status.is_server_error())
}

fn causes(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.cause().map(|cause| cause as &(dyn StdError + 'static));
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// One line for each error: what the application did wrong as an error, what the client did wrong
/// for information, and what is not there, of which every server is asked all day, for debugging.
/// The query stays out of it, because queries carry secrets.
fn log(asked: &Asked, response: &Response, error: &Error) {
    let (method, path) = (&asked.method, asked.path());
    let route = response.route().map(|route| &*route.pattern);
    let status = response.status().as_u16();
    match error.status().as_u16() {
        500.. => tracing::error!(status, %method, path, route, ?error, "request failed"),
        404 => tracing::debug!(status, %method, path, route, ?error, "request refused"),
        _ => tracing::info!(status, %method, path, route, ?error, "request refused"),
    }
}
