//! A middleware that is put around several handlers.

use landspout_handler::{BoxHandler, Handler, Middleware, Next, Request, Response};
use std::rc::Rc;

/// Puts one middleware around a handler, and around another, and another.
#[derive(Clone)]
pub(crate) struct Layer(Rc<dyn Fn(BoxHandler) -> BoxHandler>);

impl Layer {
    pub(crate) fn new(middleware: impl Middleware) -> Layer {
        let middleware = Rc::new(middleware);
        Layer(Rc::new(move |handler| handler.wrap(Shared(Rc::clone(&middleware))).boxed()))
    }
}

/// Puts the layers around a handler; the first of them is the outermost.
pub(crate) fn wrap_all(layers: &[Layer], handler: BoxHandler) -> BoxHandler {
    layers.iter().rev().fold(handler, |handler, layer| layer.0(handler))
}

/// The same middleware in several places.
struct Shared<M>(Rc<M>);

impl<M: Middleware> Middleware for Shared<M> {
    async fn call(&self, request: Request, next: Next) -> Response {
        self.0.call(request, next).await
    }
}
