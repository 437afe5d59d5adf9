//! Keeping a panic where it happened.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

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
pub async fn contain_panic<F: Future>(future: F) -> Result<F::Output, Panic> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_panic(|| future.as_mut().poll(cx)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
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
