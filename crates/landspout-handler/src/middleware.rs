//! What stands around a handler.

use crate::{BoxHandler, Error, Handler, IntoResponse, Request, Response};
use std::rc::Rc;

/// An async function from a [`Request`] and what comes [`Next`] to a [`Response`].
///
/// It may change the request, answer it without asking further, ask several times, or change the
/// answer. Every `async fn(Request, Next)` whose output turns into a response is a middleware; a
/// struct with settings implements the trait.
///
/// ```
/// use landspout_handler::{Error, Handler, Next, Request, Response};
///
/// async fn secret(_: Request) -> &'static str { "the secret" }
///
/// async fn only_with_key(request: Request, next: Next) -> Result<Response, Error> {
///     match request.header("x-key") {
///         Some("open sesame") => Ok(next.run(request).await),
///         _ => Err(Error::new(401, "no key")),
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handler = secret.wrap(only_with_key);
/// assert_eq!(handler.handle(Request::get("/")).await.status(), 401);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not an `async fn(Request, Next)` whose output turns into a response",
    note = "a middleware is an `async fn(request: Request, next: Next) -> impl IntoResponse`, or a type that implements `Middleware`"
)]
pub trait Middleware: 'static {
    /// Answers the request, with or without the help of what comes next.
    fn call(&self, request: Request, next: Next) -> impl Future<Output = Response>;
}

impl<F, R> Middleware for F
where
    F: Fn(Request, Next) -> R + 'static,
    R: Future<Output: IntoResponse>,
{
    async fn call(&self, request: Request, next: Next) -> Response {
        self(request, next).await.into_response()
    }
}

/// The same middleware in several places.
impl<M: Middleware + ?Sized> Middleware for Rc<M> {
    async fn call(&self, request: Request, next: Next) -> Response {
        (**self).call(request, next).await
    }
}

/// The handler behind a middleware. A clone asks the same handler.
#[derive(Debug, Clone)]
pub struct Next(BoxHandler);

impl Next {
    /// Hands the request on.
    pub fn run(&self, request: Request) -> impl Future<Output = Response> {
        self.0.handle(request)
    }
}

/// A handler with a middleware around it; made by [`Handler::wrap`].
#[derive(Debug, Clone)]
pub struct Wrapped<M> {
    middleware: M,
    next: Next,
}

impl<M> Wrapped<M> {
    pub(crate) fn new(middleware: M, handler: impl Handler + 'static) -> Wrapped<M> {
        Wrapped { middleware, next: Next(handler.boxed()) }
    }
}

impl<M: Middleware> Handler for Wrapped<M> {
    async fn handle(&self, request: Request) -> Response {
        self.middleware.call(request, self.next.clone()).await
    }

    fn check(&self) -> Result<(), Error> {
        self.next.0.check()
    }
}
