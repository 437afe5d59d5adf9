//! One HTTP/1.1 connection. hyper is named here and nowhere else in this crate.

use crate::error::{Cause, Failure, Kind};
use crate::wire::{Watched, Wire};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::ext::on_informational;
use hyper_util::rt::TokioIo;
use landspout_handler::{Body, BodyError};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// One HTTP/1.1 connection, driven by a task of its own. Dropping it closes it, in the middle of an
/// exchange too.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Outgoing>,
    wire: Arc<Wire>,
    remote_addr: Option<SocketAddr>,
    max_header_size: usize,
}

/// A request that got no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) failure: Failure,
    /// The request's body, if not a byte of the request went out.
    pub(crate) unsent: Option<Body>,
    /// Whether a byte of an answer came.
    pub(crate) answered: bool,
}

impl Connection {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(crate) async fn start<Io>(
        io: Io,
        remote_addr: Option<SocketAddr>,
        max_header_size: usize,
    ) -> Result<Connection, Failure>
    where
        Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let wire = Wire::new();
        let io = TokioIo::new(Watched::new(io, Arc::clone(&wire)));
        let handshake = Builder::new().max_header_size(max_header_size).handshake(io).await;
        let (sender, driver) = handshake.map_err(|error| Failure::new(Kind::Failed, error))?;
        tokio::spawn(async move {
            // A request that was under way has been told already.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "an idle connection broke");
            }
        });
        Ok(Connection { sender, wire, remote_addr, max_header_size })
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// Whether the other side has not closed the connection, as far as its task has noticed.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Whether it can be given a request now.
    pub(crate) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Waits until it can be given a request; false if it closes before.
    pub(crate) async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request, and returns the head of the answer.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub(crate) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Answer>, Unanswered> {
        let wire = Arc::clone(&self.wire);
        wire.begin(request.body().is_end_stream());
        let mut request = request.map(|body| Outgoing { body, wire: Arc::clone(&wire) });
        let counting = Arc::clone(&wire);
        on_informational(&mut request, move |_| counting.note_interim());
        let sent = self.sender.try_send_request(request);
        tokio::select! {
            biased;
            () = wire.flooded() => Err(self.unanswered(Kind::Malformed, "too many 1xx answers")),
            answer = sent => match answer {
                Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    Err(self.unanswered(Kind::Malformed, "another protocol was not asked for"))
                }
                Ok(response) => Ok(answer_of(response)),
                Err(error) => Err(self.sort(error)),
            },
        }
    }

    fn unanswered(&self, kind: Kind, cause: impl Into<Cause>) -> Unanswered {
        let answered = self.wire.received() > 0;
        Unanswered { failure: Failure::new(kind, cause), unsent: None, answered }
    }

    fn sort(&self, mut error: TrySendError<Request<Outgoing>>) -> Unanswered {
        let unsent = error.take_message().map(|request| request.into_body().body);
        let error = error.into_error();
        // hyper tells a head that is too long from another malformed one in a server only.
        let is_long = self.wire.received() >= self.max_header_size as u64;
        let kind = match &error {
            error if error.is_parse() && is_long => Kind::TooLarge,
            error if error.is_parse() => Kind::Malformed,
            error if error.is_body_write_aborted() || is_of_body(error) => Kind::RequestBody,
            _ => Kind::Failed,
        };
        Unanswered { unsent, ..self.unanswered(kind, error) }
    }
}

/// Whether the request's body failed. hyper counts a runtime that ended among the user's errors too.
fn is_of_body(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<BodyError>()).is_some()
}

fn answer_of(mut response: Response<Incoming>) -> Response<Answer> {
    // RFC 9112 §6.3: where both are there the length counts for nothing, and must not be passed on.
    if response.headers().contains_key(TRANSFER_ENCODING) {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response.map(Answer)
}

/// The body of a request, which tells the [`Wire`] when it has ended.
#[derive(Debug)]
struct Outgoing {
    body: Body,
    wire: Arc<Wire>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.wire.note_body_done();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, as it comes over the wire.
#[derive(Debug)]
pub(crate) struct Answer(Incoming);

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.0).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(sort_body_error)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// hyper says "body" of everything that goes wrong within one; the kind of the I/O error behind it
/// tells broken framing from a broken connection.
fn sort_body_error(error: hyper::Error) -> BodyError {
    let source = std::error::Error::source(&error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData) => {
            BodyError::malformed(error)
        }
        _ => BodyError::incomplete(error),
    }
}
