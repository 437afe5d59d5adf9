//! A middleware that is put around several handlers.

use landspout_handler::{BoxHandler, Handler, Middleware};
use std::rc::Rc;

/// Puts one middleware around a handler, and around another, and another.
#[derive(Clone)]
pub(crate) struct Layer(Rc<dyn Fn(BoxHandler) -> BoxHandler>);

impl Layer {
    pub(crate) fn new(middleware: impl Middleware) -> Layer {
        let middleware = Rc::new(middleware);
        Layer(Rc::new(move |handler| handler.wrap(Rc::clone(&middleware)).boxed()))
    }
}

/// Puts the layers around a handler; the first of them is the outermost.
pub(crate) fn wrap_all(layers: &[Layer], handler: BoxHandler) -> BoxHandler {
    layers.iter().rev().fold(handler, |handler, layer| layer.0(handler))
}
