//! What answers requests.

use crate::{
    BodyLimit, BoxHandler, CancelOnDisconnect, Error, IntoResponse, Middleware, Request, Response,
    TimeLimit, Wrapped,
};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// An async function from [`Request`] to [`Response`].
///
/// Every `async fn(Request)` whose output [turns into a response](IntoResponse) is a handler, and so
/// is a closure like it. A struct implements the trait, or [`RequestHandler`](crate::RequestHandler)
/// if it has a method for each verb. Neither the handler nor its future need be `Send`: they stay on
/// the loop that they were made on.
///
/// ```
/// use landspout_handler::{Handler, Request, Response};
///
/// async fn hello(_: Request) -> &'static str { "hello" }
///
/// struct Counter(std::cell::Cell<u32>);
///
/// impl Handler for Counter {
///     async fn handle(&self, _: Request) -> Response {
///         self.0.set(self.0.get() + 1);
///         Response::text(self.0.get().to_string())
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(hello.handle(Request::get("/")).await.status(), 200);
/// let counter = Counter(0.into());
/// counter.handle(Request::get("/")).await;
/// let response = counter.handle(Request::get("/")).await;
/// assert_eq!(response.into_body().text().await.unwrap(), "2");
/// # });
/// ```
///
/// # Cancel safety
/// Whoever drives a handler may drop its future. A server does so only when the connection breaks
/// off under the answer; a client that leaves before does not end the handler, unless it
/// [asked for that](Handler::cancel_on_disconnect).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not an `async fn(Request)` whose output turns into a response",
    note = "a handler is an `async fn(request: Request) -> impl IntoResponse`, or a type that implements `Handler`; wrap a `RequestHandler` as `Resource(value)`"
)]
pub trait Handler {
    /// Answers the request. A handler has no error of its own: it answers with one.
    fn handle(&self, request: Request) -> impl Future<Output = Response>;

    /// Whether the handler is fit to answer. Who serves it asks once, before the first request, and
    /// does not start if it is not. A function always is; an application is not while two of its
    /// routes are in conflict.
    ///
    /// # Errors
    /// It is not, for the reason that is the error's cause.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Puts a middleware around this handler: it sees the request first and the response last.
    fn wrap<M>(self, middleware: M) -> Wrapped<M>
    where
        M: Middleware,
        Self: Sized + 'static,
    {
        Wrapped::new(middleware, self)
    }

    /// Drops this handler's future when the client leaves before it was answered. Without it, a
    /// handler always runs to its end.
    fn cancel_on_disconnect(self) -> CancelOnDisconnect<Self>
    where
        Self: Sized,
    {
        CancelOnDisconnect(self)
    }

    /// Lets the request's body have at most `bytes`, whatever the server's own limit is.
    fn body_limit(self, bytes: u64) -> BodyLimit<Self>
    where
        Self: Sized,
    {
        BodyLimit { handler: self, bytes }
    }

    /// Lets this handler take at most `limit` to answer, whatever the server's own limit is; zero is
    /// no limit. Then it is dropped, and the answer is 503 with `Retry-After`.
    ///
    /// The time ends with the head of the answer. A body that is streamed takes as long as it takes.
    ///
    /// ```
    /// use landspout_handler::{Handler, Request};
    /// use std::time::Duration;
    ///
    /// async fn search(_: Request) -> String {
    ///     std::future::pending().await
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    /// #     .unwrap().block_on(async {
    /// let response = search.time_limit(Duration::from_secs(2)).handle(Request::get("/")).await;
    /// assert_eq!(response.status(), 503);
    /// # });
    /// ```
    ///
    /// # Panics
    /// When a request is handled: the tokio runtime has no time.
    fn time_limit(self, limit: Duration) -> TimeLimit<Self>
    where
        Self: Sized,
    {
        TimeLimit { handler: self, limit }
    }

    /// Hides the type of the handler, so that different ones can stand in one table.
    fn boxed(self) -> BoxHandler
    where
        Self: Sized + 'static,
    {
        BoxHandler::new(self)
    }
}

impl<F, R> Handler for F
where
    F: Fn(Request) -> R,
    R: Future<Output: IntoResponse>,
{
    async fn handle(&self, request: Request) -> Response {
        self(request).await.into_response()
    }
}

impl<H: Handler + ?Sized> Handler for Rc<H> {
    async fn handle(&self, request: Request) -> Response {
        (**self).handle(request).await
    }

    fn check(&self) -> Result<(), Error> {
        (**self).check()
    }
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    async fn handle(&self, request: Request) -> Response {
        (**self).handle(request).await
    }

    fn check(&self) -> Result<(), Error> {
        (**self).check()
    }
}
