//! The callback style: a function is called with the result.

use crate::{ClientResponse, FetchError};
use tokio::task::AbortHandle;

/// A request whose result a callback is waiting for; returned by
/// [`Client::fetch_with`](crate::Client::fetch_with) and
/// [`RequestBuilder::send_with`](crate::RequestBuilder::send_with).
///
/// Dropping it changes nothing: the request goes on, and the callback is called.
#[derive(Debug, Clone)]
pub struct FetchHandle(AbortHandle);

impl FetchHandle {
    pub(crate) fn spawn<F>(
        fetch: impl Future<Output = Result<ClientResponse, FetchError>> + Send + 'static,
        callback: F,
    ) -> FetchHandle
    where
        F: FnOnce(Result<ClientResponse, FetchError>) + Send + 'static,
    {
        let task = tokio::spawn(async move { callback(fetch.await) });
        FetchHandle(task.abort_handle())
    }

    /// Cancels the request. Its connection is closed, and the callback is dropped and never called;
    /// unless it has been called already.
    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether the callback has been called, or never will be.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}
