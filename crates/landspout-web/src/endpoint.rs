//! What answers at the end of a route.

use crate::ByMethod;
use landspout_handler::{BoxHandler, Error, Handler, Request, Response};
use std::any::Any;

/// A handler in the table of routes.
///
/// [`ByMethod`] is told from other handlers because its own are boxed already: boxing it once more
/// would cost an allocation for each request.
#[derive(Clone)]
pub(crate) enum Endpoint {
    Whole(BoxHandler),
    ByMethod(ByMethod),
}

impl Endpoint {
    pub(crate) fn new(handler: impl Handler + 'static) -> Endpoint {
        let mut handler = Some(handler);
        match (&mut handler as &mut dyn Any).downcast_mut::<Option<ByMethod>>() {
            Some(by_method) => {
                Endpoint::ByMethod(by_method.take().expect("it was put there above"))
            }
            None => Endpoint::Whole(handler.expect("it was put there above").boxed()),
        }
    }

    pub(crate) fn boxed(self) -> BoxHandler {
        match self {
            Endpoint::Whole(handler) => handler,
            Endpoint::ByMethod(handler) => handler.boxed(),
        }
    }
}

impl Handler for Endpoint {
    async fn handle(&self, request: Request) -> Response {
        match self {
            Endpoint::Whole(handler) => handler.handle(request).await,
            Endpoint::ByMethod(handler) => handler.handle(request).await,
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Endpoint::Whole(handler) => handler.check(),
            Endpoint::ByMethod(handler) => handler.check(),
        }
    }
}
