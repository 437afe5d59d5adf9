//! A handler at work on a request.

use crate::exchange::Exchange;
use crate::response_body::ResponseBody;
use landspout_handler::{Error, Request, Response, catch_panic};
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The future of an answer.
    ///
    /// It does by hand what two async functions would: each of those would copy the request, which
    /// is hundreds of bytes, into its state and out again.
    pub(crate) struct Answering<F> {
        // Nothing, if the request was refused.
        #[pin]
        handling: Option<F>,
        refusal: Option<Error>,
        exchange: Option<Exchange>,
    }
}

impl<F> Answering<F> {
    /// Asks the handler by `handle`, unless the request is `received` as one to refuse.
    pub(crate) fn begin(
        exchange: Exchange,
        received: Result<Request, Error>,
        handle: impl FnOnce(Request) -> F,
    ) -> Answering<F> {
        let entered = exchange.record.as_ref().map(|record| record.span.enter());
        let handling =
            received.and_then(|request| catch_panic(|| handle(request)).map_err(Error::from));
        drop(entered);
        let exchange = Some(exchange);
        match handling {
            Ok(handling) => Answering { handling: Some(handling), refusal: None, exchange },
            Err(refusal) => Answering { handling: None, refusal: Some(refusal), exchange },
        }
    }
}

impl<F: Future<Output = Response>> Future for Answering<F> {
    type Output = Result<http::Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = {
            let record = this.exchange.as_ref().and_then(|exchange| exchange.record.as_ref());
            let _entered = record.map(|record| record.span.enter());
            match this.handling.as_pin_mut() {
                Some(handling) => catch_panic(|| handling.poll(cx)).map_err(Error::from),
                None => Err(this.refusal.take().expect("without a handler there is a refusal")),
            }
        };
        let response = match polled {
            Ok(Poll::Ready(response)) => response,
            Ok(Poll::Pending) => {
                let overdue = this.exchange.as_mut().and_then(|exchange| exchange.wait(cx));
                let Some(refusal) = overdue else { return Poll::Pending };
                refusal.into()
            }
            Err(error) => error.into(),
        };
        let exchange = this.exchange.take().expect("a future is not polled after its end");
        Poll::Ready(Ok(exchange.end(response)))
    }
}
