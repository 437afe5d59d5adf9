//! What answers at the end of a route.

use crate::{ByMethod, Redirect};
use landspout_handler::{BoxHandler, Handler, Request, Response};
use std::any::Any;
use std::error::Error as StdError;

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
    /// The endpoint, or what is wrong with a handler that could be made and cannot answer.
    pub(crate) fn new(handler: impl Handler + 'static) -> Result<Endpoint, Fault> {
        if let Some(redirect) = (&handler as &dyn Any).downcast_ref::<Redirect>()
            && let Some(fault) = redirect.fault()
        {
            return Err(Box::new(fault.clone()));
        }
        let mut handler = Some(handler);
        if let Some(slot) = (&mut handler as &mut dyn Any).downcast_mut::<Option<ByMethod>>() {
            let by_method = slot.take().expect("it was put there above");
            return match by_method.fault() {
                Some(fault) => Err(Box::new(fault.clone())),
                None => Ok(Endpoint::ByMethod(by_method)),
            };
        }
        Ok(Endpoint::Whole(handler.expect("only a `ByMethod` is taken away").boxed()))
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
}

pub(crate) type Fault = Box<dyn StdError + Send + Sync>;
