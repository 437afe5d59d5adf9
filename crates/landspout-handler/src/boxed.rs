//! A handler whose type is hidden.

use crate::{Error, Handler, Request, Response};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

/// Any [`Handler`], behind one type; a clone is the same handler. Made by [`Handler::boxed`].
///
/// A call costs one allocation, for the future whose size is not known.
#[derive(Clone)]
pub struct BoxHandler(Rc<dyn Erased>);

trait Erased {
    fn handle_boxed(&self, request: Request) -> Pin<Box<dyn Future<Output = Response> + '_>>;
    fn check_boxed(&self) -> Result<(), Error>;
}

impl<H: Handler> Erased for H {
    fn handle_boxed(&self, request: Request) -> Pin<Box<dyn Future<Output = Response> + '_>> {
        Box::pin(self.handle(request))
    }

    fn check_boxed(&self) -> Result<(), Error> {
        self.check()
    }
}

impl BoxHandler {
    pub(crate) fn new(handler: impl Handler + 'static) -> BoxHandler {
        BoxHandler(Rc::new(handler))
    }

    /// As [`handle`](Handler::handle), with a future whose type has a name, to be kept in a struct.
    pub fn call(&self, request: Request) -> Pin<Box<dyn Future<Output = Response> + '_>> {
        self.0.handle_boxed(request)
    }
}

impl Handler for BoxHandler {
    // Not an `async fn`: that would hold the request a second time, beside the box.
    fn handle(&self, request: Request) -> impl Future<Output = Response> {
        self.call(request)
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check_boxed()
    }

    fn boxed(self) -> BoxHandler {
        self
    }
}

impl fmt::Debug for BoxHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxHandler")
    }
}
