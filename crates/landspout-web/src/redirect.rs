//! A handler that sends the client elsewhere.

use http::HeaderValue;
use landspout_handler::{Error, Handler, Request, Response};
use landspout_router::Router;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;

/// Sends the client elsewhere; made by [`redirect`].
#[derive(Debug, Clone)]
pub struct Redirect {
    status: u16,
    target: Result<Target, RedirectError>,
}

#[derive(Debug, Clone)]
enum Target {
    /// One pattern, under the empty name. What lies behind a question mark is kept beside it.
    Pattern {
        path: Box<Router<()>>,
        query: Option<String>,
    },
    Elsewhere(String),
}

/// A handler that sends the client to `to` with this status: 301 or 308 for ever, 302 or 307 for
/// now, 303 to be asked by GET. 307 and 308 keep the method.
///
/// `to` is a path, which may repeat the parameters of the route and may have a query, or a whole
/// `http:` or `https:` URL, which is taken as it is. A path without a query gets that of the
/// request; it has no fragment, a `#` in it is escaped.
///
/// No request can choose another host: the values of parameters are escaped, and a path that
/// a client would read as something else, such as `//host`, is answered with 404 instead.
///
/// A `to` that is none of these, or a status that is no redirection, is a mistake, of which
/// [`check`](Handler::check) tells; what is served all the same answers with 500.
///
/// ```
/// use landspout_web::{Application, Handler, Request, redirect};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let application = Application::new()
///     .route("/articles/{id}", redirect(301, "/story/{id}"))
///     .route("/source", redirect(302, "https://code.example/landspout"));
///
/// let response = application.handle(Request::get("/articles/7?page=2")).await;
/// assert_eq!(response.status(), 301);
/// assert_eq!(response.headers()["location"], "/story/7?page=2");
/// # });
/// ```
pub fn redirect(status: u16, to: &str) -> Redirect {
    Redirect { status, target: target(status, to) }
}

fn target(status: u16, to: &str) -> Result<Target, RedirectError> {
    let wrong = |reason: String| RedirectError { to: to.to_owned(), reason };
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Err(wrong(format!("{status} is not a redirection")));
    }
    if to.starts_with("https://") || to.starts_with("http://") {
        HeaderValue::from_str(to).map_err(|_| wrong("it cannot stand in a header".to_owned()))?;
        return Ok(Target::Elsewhere(to.to_owned()));
    }
    let (pattern, query) = match to.split_once('?') {
        Some((pattern, query)) => (pattern, Some(query.to_owned())),
        None => (to, None),
    };
    if query.as_ref().is_some_and(|query| HeaderValue::from_str(query).is_err()) {
        return Err(wrong("its query cannot stand in a header".to_owned()));
    }
    let mut path = Box::new(Router::new());
    let named = path.insert(pattern, ()).and_then(|()| path.name("", pattern));
    named.map_err(|error| wrong(error.to_string()))?;
    Ok(Target::Pattern { path, query })
}

impl Redirect {
    fn location(&self, request: &Request) -> Result<String, Error> {
        let (router, query) = match &self.target {
            Err(error) => return Err(Error::internal(error.clone())),
            Ok(Target::Elsewhere(url)) => return Ok(url.clone()),
            Ok(Target::Pattern { path, query }) => (path, query),
        };
        let values: HashMap<String, String> = request.path()?;
        let wanted = router.routes().next().map_or(&[][..], |route| route.parameters);
        let args: Vec<_> = values
            .iter()
            .filter(|(name, _)| wanted.iter().any(|wanted| **wanted == ***name))
            .map(|(name, value)| (name.as_str(), value as &dyn fmt::Display))
            .collect();
        let path = router.url("", &args).map_err(|error| Error::new(404, "").caused_by(error))?;
        Ok(with_query(path, query.as_deref().or(request.uri().query())))
    }
}

/// Sends the client to a location that was made of its own request.
pub(crate) fn to(status: u16, location: &str) -> Response {
    // `http::Uri` lets UTF-8 through, which RFC 3986 §2 has only escaped.
    let mut escaped = String::with_capacity(location.len());
    for character in location.chars() {
        match character.is_ascii() {
            true => escaped.push(character),
            false => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                escaped.push_str(&format!("%{byte:02X}"));
            }),
        }
    }
    Response::redirect(status, &escaped).unwrap_or_else(Response::from)
}

pub(crate) fn with_query(path: String, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

impl Handler for Redirect {
    async fn handle(&self, request: Request) -> Response {
        let location = self.location(&request);
        location.map_or_else(Response::from, |location| to(self.status, &location))
    }

    fn check(&self) -> Result<(), Error> {
        match &self.target {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::internal(error.clone())),
        }
    }
}

/// Why a redirection leads nowhere.
#[derive(Debug, Clone)]
struct RedirectError {
    to: String,
    reason: String,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is nowhere to redirect to: {}", self.to, self.reason)
    }
}

impl StdError for RedirectError {}
