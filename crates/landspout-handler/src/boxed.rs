//! A handler whose type is hidden.

use crate::{Error, Handler, Request, Response};
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Any [`Handler`], behind one type; a clone is the same handler. Made by [`Handler::boxed`].
///
/// Its futures have one size, so that the memory of one that answered when it was first asked, as
/// most do, is used for the next: only a handler that waits costs an allocation.
#[derive(Clone)]
pub struct BoxHandler(Rc<dyn Erased>);

/// A handler's future whose type is hidden, too.
type Handling<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

trait Erased {
    fn begin(&self, request: Request, cx: &mut Context<'_>) -> Result<Response, Handling<'_>>;
    fn check(&self) -> Result<(), Error>;
}

impl BoxHandler {
    pub(crate) fn new<H: Handler + 'static>(handler: H) -> BoxHandler {
        let answer = |handler: Rc<H>, request| async move { (*handler).handle(request).await };
        BoxHandler(Rc::new(Boxed { handler: Rc::new(handler), answer, spare: Cell::new(None) }))
    }

    /// Asks, and polls once: the answer, or the future to go on with.
    ///
    /// # Errors
    /// The handler did not answer yet; `cx` is woken when it can go on.
    #[inline]
    pub fn begin(
        &self,
        request: Request,
        cx: &mut Context<'_>,
    ) -> Result<Response, Pin<Box<dyn Future<Output = Response> + '_>>> {
        self.0.begin(request, cx)
    }
}

impl Handler for BoxHandler {
    fn handle(&self, request: Request) -> impl Future<Output = Response> {
        Asked { handler: self, request: Some(request), waiting: None }
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check()
    }

    fn boxed(self) -> BoxHandler {
        self
    }
}

/// A request to a handler whose type is hidden. An async function would keep the request twice.
struct Asked<'a> {
    handler: &'a BoxHandler,
    /// Until the first poll.
    request: Option<Request>,
    waiting: Option<Handling<'a>>,
}

impl Future for Asked<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        if let Some(request) = self.request.take() {
            return match self.handler.begin(request, cx) {
                Ok(response) => Poll::Ready(response),
                Err(handling) => {
                    self.waiting = Some(handling);
                    Poll::Pending
                }
            };
        }
        self.waiting.as_mut().expect("it was asked, and did not answer").as_mut().poll(cx)
    }
}

/// A handler, what makes futures `F` of it, and the place of the next one.
struct Boxed<H, A, F> {
    handler: Rc<H>,
    answer: A,
    spare: Cell<Option<Pin<Box<Slot<F>>>>>,
}

impl<H, A, F> Erased for Boxed<H, A, F>
where
    H: Handler,
    A: Fn(Rc<H>, Request) -> F,
    F: Future<Output = Response>,
{
    fn begin(&self, request: Request, cx: &mut Context<'_>) -> Result<Response, Handling<'_>> {
        let future = Some((self.answer)(Rc::clone(&self.handler), request));
        let mut slot = match self.spare.take() {
            Some(mut slot) => {
                slot.as_mut().project().future.set(future);
                slot
            }
            None => Box::pin(Slot { future }),
        };
        match slot.as_mut().poll(cx) {
            Poll::Ready(response) => {
                slot.as_mut().project().future.set(None);
                self.spare.set(Some(slot));
                Ok(response)
            }
            Poll::Pending => Err(slot),
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.handler.check()
    }
}

pin_project! {
    struct Slot<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future> Future for Slot<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.as_pin_mut().expect("its place is not spare").poll(cx)
    }
}

impl fmt::Debug for BoxHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxHandler")
    }
}
