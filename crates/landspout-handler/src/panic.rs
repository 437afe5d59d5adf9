//! Keeping a panic where it happened.

use pin_project_lite::pin_project;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs a future to its end or to its panic.
///
/// A server and an application run their handlers so: the request is answered with 500, and the
/// connection and the loop live on. What the handler shared with others may be half changed; that
/// is the price of living on, and the reason to log the panic.
///
/// # Errors
/// The future panicked; as an [`Error`](crate::Error) that is a 500 with the panic as its cause.
///
/// # Cancel safety
/// As safe as the future is.
///
/// ```
/// use landspout_handler::{Error, contain_panic};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # std::panic::set_hook(Box::new(|_| ()));
/// let panic = contain_panic(async { panic!("on purpose") }).await.unwrap_err();
/// assert_eq!(panic.message(), "on purpose");
/// assert_eq!(Error::from(panic).status(), 500);
/// # });
/// ```
pub fn contain_panic<F: Future>(future: F) -> impl Future<Output = Result<F::Output, Panic>> {
    Contained { future }
}

pin_project! {
    // An async function would keep its argument twice.
    struct Contained<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_panic(|| self.project().future.poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Runs a function to its end or to its panic, as [`contain_panic`] runs a future.
///
/// # Errors
/// The function panicked.
pub fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| Panic::new(&*payload))
}

/// A panic that was contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    message: String,
}

impl Panic {
    fn new(payload: &(dyn Any + Send)) -> Panic {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Panic { message: text.unwrap_or("a value that is not text").to_owned() }
    }

    /// What the panic said.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

impl std::error::Error for Panic {}
