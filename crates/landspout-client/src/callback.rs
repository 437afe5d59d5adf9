//! The callback style: a function is called with the result.

use crate::{ClientResponse, FetchError, RequestBuilder};
use bytes::Bytes;
use std::fmt;
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

/// Functions that are called while an answer arrives.
#[derive(Default)]
pub(crate) struct Callbacks {
    header: Option<Box<OnLine>>,
    streaming: Option<Box<OnPiece>>,
}

type OnLine = dyn FnMut(&str) + Send;
type OnPiece = dyn FnMut(Bytes) + Send;

impl RequestBuilder {
    /// Calls a function with each line of the head of the answer: the first one is its version and
    /// status, as `HTTP/1.1 200 OK`, the others are `name: value`. Heads of redirects that are
    /// followed are passed over.
    pub fn header_callback(
        mut self,
        callback: impl FnMut(&str) + Send + 'static,
    ) -> RequestBuilder {
        self.callbacks().header = Some(Box::new(callback));
        self
    }

    /// Calls a function with each piece of the body as it arrives.
    /// [`send`](RequestBuilder::send) returns when the body is over, and the body of its answer is
    /// empty; a body that breaks off is then its error.
    pub fn streaming_callback(
        mut self,
        callback: impl FnMut(Bytes) + Send + 'static,
    ) -> RequestBuilder {
        self.callbacks().streaming = Some(Box::new(callback));
        self
    }
}

impl Callbacks {
    /// Calls them.
    pub(crate) async fn call(
        mut self,
        mut response: ClientResponse,
    ) -> Result<ClientResponse, FetchError> {
        if let Some(callback) = &mut self.header {
            callback(&format!("{:?} {}", response.version(), response.status()));
            for (name, value) in response.headers() {
                callback(&format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
            }
        }
        if let Some(callback) = &mut self.streaming {
            while let Some(piece) = response.chunk().await? {
                callback(piece);
            }
        }
        Ok(response)
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callbacks")
    }
}
