//! A handler with a limit of its own on the body.

use crate::{Error, Handler, Request, Response};

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
