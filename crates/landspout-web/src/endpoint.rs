//! What answers at the end of a route.

use crate::ByMethod;
use http::Method;
use landspout_handler::{BoxHandler, Handler, Response};
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

    /// The handler for a method, or what to answer where there is none.
    pub(crate) fn at(&self, method: &Method) -> Result<&BoxHandler, Response> {
        match self {
            Endpoint::Whole(handler) => Ok(handler),
            Endpoint::ByMethod(handlers) => handlers.at(method),
        }
    }

    pub(crate) fn boxed(self) -> BoxHandler {
        match self {
            Endpoint::Whole(handler) => handler,
            Endpoint::ByMethod(handler) => handler.boxed(),
        }
    }
}
