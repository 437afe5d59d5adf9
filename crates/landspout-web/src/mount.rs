//! A handler that answers everything under a prefix.

use crate::redirect;
use http::Uri;
use http::uri::PathAndQuery;
use landspout_handler::{BoxHandler, Error, Handler, Request, Response};

/// Takes the prefix off the path before it asks the handler.
pub(crate) struct Mounted {
    /// How many slashes the prefix has. They are counted rather than bytes, because a client may
    /// write any character of the prefix as an escape, and `%2F` is none of them.
    depth: usize,
    handler: BoxHandler,
}

impl Mounted {
    /// `prefix` does not end in a slash.
    pub(crate) fn new(prefix: &str, handler: BoxHandler) -> Mounted {
        Mounted { depth: prefix.matches('/').count(), handler }
    }
}

impl Handler for Mounted {
    async fn handle(&self, mut request: Request) -> Response {
        if self.depth > 0 {
            match below(request.uri(), self.depth) {
                Some(uri) => request.set_uri(uri),
                None => return Error::new(404, "").into(),
            }
        }
        self.handler.handle(request).await
    }

    fn check(&self) -> Result<(), Error> {
        self.handler.check()
    }
}

/// The URI without the first `depth` segments of its path.
fn below(uri: &Uri, depth: usize) -> Option<Uri> {
    let (at, _) = uri.path().match_indices('/').nth(depth)?;
    let rest = &uri.path_and_query()?.as_str()[at..];
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// Sends the client to the same path with a slash at its end, so that relative links lead below it.
///
/// The location is relative to the path itself: it holds under any prefix, and its leading `./` keeps
/// it from being read as a host or a scheme (RFC 3986 §4.2), as an absolute path that begins with two
/// slashes would be.
pub(crate) fn add_slash(uri: &Uri) -> Response {
    let (_, name) = uri.path().rsplit_once('/').unwrap_or_default();
    redirect::to(308, &redirect::with_query(format!("./{name}/"), uri.query()))
}
