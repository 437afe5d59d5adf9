//! A handler that ends when its client leaves.

use crate::{Error, Handler, Request, Response};
use futures_util::future::{Either, select};
use std::pin::pin;

/// A handler whose future is dropped when the client leaves; made by
/// [`Handler::cancel_on_disconnect`].
///
/// Use it where the answer is all there is to the work, such as an expensive search. Do not use it
/// where the work must not stop half-way, such as two writes that belong together.
#[derive(Debug, Clone)]
pub struct CancelOnDisconnect<H>(pub(crate) H);

impl<H: Handler> Handler for CancelOnDisconnect<H> {
    async fn handle(&self, request: Request) -> Response {
        let connection = request.connection().clone();
        let response = pin!(self.0.handle(request));
        match select(response, pin!(connection.closed())).await {
            Either::Left((response, _)) => response,
            // Nobody is there to read it; 499 is what access logs have for this.
            Either::Right(((), _)) => Response::empty(499),
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check()
    }
}
