//! A handler with limits of its own, in place of the server's.

use crate::{Error, Handler, Request, Response};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// A handler whose requests' bodies have a limit of their own; made by [`Handler::body_limit`].
#[derive(Debug, Clone)]
pub struct BodyLimit<H> {
    pub(crate) handler: H,
    /// Bytes.
    pub(crate) bytes: u64,
}

impl<H: Handler> Handler for BodyLimit<H> {
    async fn handle(&self, mut request: Request) -> Response {
        request.body_mut().set_limit(self.bytes);
        self.handler.handle(request).await
    }

    fn check(&self) -> Result<(), Error> {
        self.handler.check()
    }
}

/// A handler that has a time of its own to answer in; made by [`Handler::time_limit`].
#[derive(Debug, Clone)]
pub struct TimeLimit<H> {
    pub(crate) handler: H,
    /// Zero is no limit.
    pub(crate) limit: Duration,
}

impl<H: Handler> Handler for TimeLimit<H> {
    async fn handle(&self, request: Request) -> Response {
        if let Some(deadline) = request.deadline() {
            deadline.lift();
        }
        if self.limit.is_zero() {
            return self.handler.handle(request).await;
        }
        timeout(self.limit, self.handler.handle(request)).await.unwrap_or_else(|_| {
            Error::new(503, "the answer took too long")
                .with_header(RETRY_AFTER, HeaderValue::from_static("5"))
                .into()
        })
    }

    fn check(&self) -> Result<(), Error> {
        self.handler.check()
    }
}

/// The time that the server gives whoever answers a request. A handler that
/// [has a time of its own](Handler::time_limit) lifts it.
///
/// A server that has such a limit puts one into each request; clones are of the same deadline.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Arc<AtomicBool>);

impl Deadline {
    /// Lets the request take longer.
    pub fn lift(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the request may take longer. For the server.
    pub fn is_lifted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
