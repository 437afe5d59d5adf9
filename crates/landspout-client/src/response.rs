//! What came back.

use crate::auth::Shown;
use crate::call::Call;
use crate::error::{Cause, Failure, Kind};
use crate::handover;
use crate::moment::Moment;
use crate::{Attempt, FetchError, Phase, Timings};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version, response};
use http_body::{Body as _, Frame};
use landspout_handler::{Body, BodyError, Response, Upgrade};
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// An answer: its head, and its body as it is read.
///
/// The body is read from the connection as it is asked for, so that a slow reader slows the sender
/// down. The connection goes back to the pool at the end of the body; an answer that is dropped
/// before closes it. Status, headers and timings stay at hand after the body was read. Its `Debug` does not show the values of `Set-Cookie`.
pub struct ClientResponse {
    head: response::Parts,
    body: Body,
    /// What was asked, and how the answer was come by.
    call: Box<Call>,
    /// The target as text, made when somebody asks for it.
    url: OnceLock<String>,
    /// When the body was read to its end.
    ended: Option<Moment>,
    /// In a box, because nearly all answers have none.
    trailers: Option<Box<HeaderMap>>,
}

/// A redirect that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redirect {
    /// The status of the redirecting answer.
    pub status: StatusCode,
    /// The URL that gave this answer, without user and password.
    pub url: String,
}

impl ClientResponse {
    pub(crate) fn new(head: response::Parts, body: Body, call: Box<Call>) -> ClientResponse {
        let url = OnceLock::new();
        let mut response = ClientResponse { head, body, call, url, ended: None, trailers: None };
        response.note_end();
        response
    }

    /// The status. A 404 is an answer too.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers. A body that was decompressed has lost its `Content-Encoding` and
    /// `Content-Length`.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The value of a header, if it is there and is visible ASCII.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The version of HTTP that the server speaks.
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The URL that answered, after redirects the last one; without user and password.
    pub fn url(&self) -> &str {
        self.url.get_or_init(|| self.call.target.to_string())
    }

    /// The redirects on the way, the first one first.
    pub fn history(&self) -> &[Redirect] {
        &self.call.history
    }

    /// The attempts before the one that was answered so, the first one first; none without
    /// [retries](crate::RetryConfig).
    pub fn attempts(&self) -> &[Attempt] {
        &self.call.attempts
    }

    /// What the server said after the body (RFC 9110 §6.5), once the body was read to its end by
    /// [`chunk`](ClientResponse::chunk), [`bytes`](ClientResponse::bytes) or their like.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// The address that answered. `None` over a handler in memory.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.call.remote_addr
    }

    /// How long each phase took, up to the end of the body; or up to now, if it is still being read.
    pub fn timings(&self) -> Timings {
        self.call.stopwatch.read_at(self.ended.unwrap_or_else(Moment::now))
    }

    /// How many bytes of the body are still to come, if that is known.
    pub fn body_len(&self) -> Option<u64> {
        self.body.len()
    }

    /// The next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// The body breaks off, is too slow, too long or malformed: [`FetchError::is_body`] holds.
    ///
    /// # Cancel safety
    /// Safe: a piece is either returned or still to come.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        while let Some(frame) = self.body.frame().await {
            self.note_end();
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => return Ok(Some(data)),
                Ok(Err(frame)) => self.trailers = frame.into_trailers().ok().map(Box::new),
                Err(error) => return Err(self.fail(error)),
            }
        }
        self.note_end();
        Ok(None)
    }

    /// All of the body that is still to come.
    ///
    /// # Errors
    /// As for [`chunk`](ClientResponse::chunk).
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn bytes(&mut self) -> Result<Bytes, FetchError> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        if self.body.is_end_stream() {
            return Ok(first);
        }
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut whole = BytesMut::with_capacity(first.len() + second.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(next) = self.chunk().await? {
            whole.extend_from_slice(&next);
        }
        Ok(whole.freeze())
    }

    /// All of the body that is still to come, as UTF-8 text, whatever `Content-Type` says.
    ///
    /// # Errors
    /// As for [`chunk`](ClientResponse::chunk); for text that is not UTF-8
    /// [`FetchError::is_decode`] holds.
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn text(&mut self) -> Result<String, FetchError> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| self.undecodable(error.utf8_error()))
    }

    /// All of the body that is still to come, as a value that is read from JSON, whatever
    /// `Content-Type` says.
    ///
    /// # Errors
    /// As for [`chunk`](ClientResponse::chunk); for another text than JSON, or JSON of another
    /// shape, [`FetchError::is_decode`] holds.
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, FetchError> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| self.undecodable(error))
    }

    /// Takes the connection, if the answer is a 101 to a request with `Upgrade`: it speaks the other
    /// protocol from here on, and has left the pool. Dropped, it is closed.
    ///
    /// ```no_run
    /// use landspout_client::Client;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let request = Client::new().get("http://localhost/").header("connection", "upgrade");
    /// let mut response = request.header("upgrade", "greeting").send().await?;
    /// let upgrade = response.take_upgrade().ok_or("the server speaks no greeting")?;
    /// upgrade.await?.write_all(b"hello in another protocol").await?;
    /// # Ok(()) }
    /// ```
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        handover::take(&mut self.head.extensions)
    }

    /// The body, to read elsewhere. Its limits of size and time come along.
    pub fn into_body(self) -> Body {
        self.body
    }

    fn note_end(&mut self) {
        if self.ended.is_none() && self.body.is_end_stream() {
            self.ended = Some(Moment::now());
        }
    }

    fn fail(&self, error: BodyError) -> FetchError {
        self.error(Failure::of_body(error, self.call.rules.timeout))
    }

    fn undecodable(&self, cause: impl Into<Cause>) -> FetchError {
        self.error(Failure::new(Kind::Decode, cause))
    }

    fn error(&self, failure: Failure) -> FetchError {
        let url = Some(self.url().to_owned());
        let error = FetchError::new(failure, Phase::Body, &self.call.method, url, self.timings());
        error.with_attempts(self.call.attempts.clone())
    }
}

impl fmt::Debug for ClientResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientResponse")
            .field("status", &self.head.status)
            .field("version", &self.head.version)
            .field("url", &self.url())
            .field("headers", &Shown(&self.head.headers))
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// Status, headers, body, and the connection of a 101; the rest stays behind.
impl From<ClientResponse> for Response {
    fn from(mut response: ClientResponse) -> Response {
        let upgrade = response.take_upgrade();
        let mut http = http::Response::new(response.body);
        *http.status_mut() = response.head.status;
        *http.headers_mut() = response.head.headers;
        let mut response = Response::from(http);
        if let Some(upgrade) = upgrade {
            response.set_upgrade(upgrade);
        }
        response
    }
}
