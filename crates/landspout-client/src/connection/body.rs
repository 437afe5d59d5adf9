//! Bodies on their way through a connection.

use crate::wire::Wire;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use landspout_handler::{Body, BodyError};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The body of a request, which tells the [`Wire`] when it has ended.
///
/// Most requests have none, and a request is moved often on its way to its connection: so it is one
/// pointer, to nowhere for an empty body.
#[derive(Debug)]
pub(super) struct Outgoing(Option<Box<Noted>>);

#[derive(Debug)]
struct Noted {
    body: Body,
    wire: Arc<Wire>,
}

impl Outgoing {
    /// An empty body has ended when its request [begins](Wire::begin), and is not noted again.
    pub(super) fn new(body: Body, wire: &Arc<Wire>) -> Outgoing {
        if body.is_empty() {
            return Outgoing(None);
        }
        Outgoing(Some(Box::new(Noted { body, wire: Arc::clone(wire) })))
    }

    pub(super) fn into_body(self) -> Body {
        self.0.map(|noted| noted.body).unwrap_or_default()
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(Noted { body, wire }) = self.0.as_deref_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        if frame.is_none() || body.is_end_stream() {
            wire.note_body_done();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|noted| noted.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or(SizeHint::with_exact(0), |noted| noted.body.size_hint())
    }
}

/// The body of an answer, as it comes over the wire.
#[derive(Debug)]
pub(crate) struct Answer(pub(super) Incoming);

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
