//! One request as it is seen from outside.

use super::Observer;
use http::{HeaderValue, Method, StatusCode, Uri, Version};
use landspout_handler::{Request, Response, Route};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Span;

/// What is told of one request, when this is dropped; made only if there is somebody to tell.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) observer: Rc<Observer>,
    pub(crate) started: Instant,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) client: Option<IpAddr>,
    pub(crate) id: Option<HeaderValue>,
    /// In which the handler runs.
    pub(crate) span: Span,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) referer: Option<HeaderValue>,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) route: Option<Arc<Route>>,
    /// `None` if the connection broke before there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// Bytes of the answer's body that were handed to the connection.
    pub(crate) bytes: u64,
    /// Whether the answer is whole.
    pub(crate) complete: bool,
}

impl Record {
    /// Tells the handler what the request is known by.
    pub(crate) fn introduce(&self, request: &mut Request) {
        if let Some(id) = &self.id {
            request.set_id(id.clone());
        }
        if !self.span.is_none() {
            request.set_span(self.span.clone());
        }
    }

    /// Takes down the answer, and marks it with the request's id.
    #[inline(never)]
    pub(crate) fn answer(&mut self, response: &mut Response) {
        self.status = Some(response.status());
        self.route = response.route().cloned();
        self.span.record("status", response.status().as_u16());
        self.observer.mark(self, response.headers_mut());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.observer.tell(self);
    }
}
