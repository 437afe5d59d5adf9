//! The bytes of a message: empty, whole, or arriving piece by piece.

use crate::{BodyError, BodyWriter};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of a [`Request`](crate::Request) or a [`Response`](crate::Response).
///
/// A body is read once, in pieces ([`chunk`](Body::chunk)) or whole ([`bytes`](Body::bytes),
/// [`text`](Body::text)), and carries the greatest number of bytes that may be read from it:
/// a server sets that limit on what clients send, and whoever reads past it gets an error instead
/// of the bytes. It is `Send`; a handler that streams from state of its own loop writes through
/// [`Body::writer`].
///
/// ```
/// use landspout_handler::Body;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(Body::from("whole").text().await.unwrap(), "whole");
///
/// let error = Body::from("too long").limit(3).bytes().await.unwrap_err();
/// assert!(error.is_too_large());
/// # });
/// ```
#[derive(Default)]
pub struct Body {
    kind: Kind,
    /// Bytes that may still be read.
    allowed: u64,
    /// The limit that `allowed` started from, for the error.
    limit: u64,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>),
    Boxed(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>),
}

/// The most bytes that are reserved for a body of which only the length is there.
const RESERVED: usize = 1 << 20;

impl Body {
    /// A body without a byte.
    pub fn empty() -> Body {
        Body::of(Kind::Empty)
    }

    /// A body whose pieces come from a stream. It ends when the stream ends; an error aborts the
    /// message, so that the other side can tell that it is not whole.
    pub fn stream<S, E>(stream: S) -> Body
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Body::of(Kind::Stream(Box::pin(stream.map_err(BodyError::other))))
    }

    /// A body written piece by piece through the [`BodyWriter`].
    ///
    /// One piece waits between the two at most: [`BodyWriter::write`] returns when there is room
    /// for the next.
    pub fn writer() -> (BodyWriter, Body) {
        let (writer, reader) = crate::writer::pair();
        (writer, Body::of(Kind::Boxed(Box::pin(reader))))
    }

    /// Any other implementation of `http_body::Body`. One that already ended becomes empty.
    pub fn wrap<B>(body: B) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Send + 'static,
    {
        if body.is_end_stream() { Body::empty() } else { Body::of(Kind::Boxed(Box::pin(body))) }
    }

    fn of(kind: Kind) -> Body {
        Body { kind, allowed: u64::MAX, limit: u64::MAX }
    }

    /// Lets at most `bytes` more bytes be read; reading past them is an error that
    /// [is too large](BodyError::is_too_large). A body that announces more fails at the first read.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Body {
        self.set_limit(bytes);
        self
    }

    /// As [`limit`](Body::limit), in place. It replaces an earlier limit, in either direction.
    pub fn set_limit(&mut self, bytes: u64) {
        self.allowed = bytes;
        self.limit = bytes;
    }

    /// The same body once more, if it is empty or whole: no byte is copied. `None` if it streams,
    /// because its pieces come once.
    ///
    /// ```
    /// use landspout_handler::Body;
    ///
    /// assert_eq!(Body::from("whole").try_clone().unwrap().len(), Some(5));
    /// assert!(Body::writer().1.try_clone().is_none());
    /// ```
    pub fn try_clone(&self) -> Option<Body> {
        let kind = match &self.kind {
            Kind::Empty => Kind::Empty,
            Kind::Full(bytes) => Kind::Full(bytes.clone()),
            Kind::Stream(_) | Kind::Boxed(_) => return None,
        };
        Some(Body { kind, allowed: self.allowed, limit: self.limit })
    }

    /// How many bytes are still to come, if that is known.
    pub fn len(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// Whether it is known that no byte is to come.
    pub fn is_empty(&self) -> bool {
        self.is_end_stream()
    }

    /// The bytes, if they are all here and within the limit.
    ///
    /// # Errors
    /// The body itself, if it is still to come.
    pub fn into_whole(self) -> Result<Bytes, Body> {
        match self.kind {
            Kind::Empty => Ok(Bytes::new()),
            Kind::Full(bytes) if bytes.len() as u64 <= self.allowed => Ok(bytes),
            kind => Err(Body { kind, ..self }),
        }
    }

    /// The next piece, or `None` at the end. Trailers are passed over; [`frame`](Body::frame) gives
    /// them.
    ///
    /// # Errors
    /// The limit was reached, or the sender broke off: see [`BodyError`].
    ///
    /// # Cancel safety
    /// Safe: a piece is either returned or still in the body.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The next frame: a piece of data, or the trailers. `None` at the end, and after an error.
    ///
    /// # Errors
    /// As for [`chunk`](Body::chunk).
    ///
    /// # Cancel safety
    /// Safe: a frame is either returned or still in the body.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await
    }

    /// All bytes, in one piece; without a copy where they came in one.
    ///
    /// # Errors
    /// The limit was reached, or the sender broke off: see [`BodyError`].
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn bytes(mut self) -> Result<Bytes, BodyError> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        if self.is_end_stream() {
            return Ok(first);
        }
        // An announced length spares the copies that growing takes. It is the sender's word, so that
        // no more than this is reserved before it came.
        let announced = usize::try_from(self.size_hint().lower()).unwrap_or(usize::MAX);
        let second = match announced {
            // The first piece may be all.
            0 => match self.chunk().await? {
                Some(second) => second,
                None => return Ok(first),
            },
            _ => Bytes::new(),
        };
        let here = first.len() + second.len();
        let mut whole = BytesMut::with_capacity(here + announced.min(RESERVED));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        // Pieces that are gone leave their memory to the next.
        drop((first, second));
        while let Some(next) = self.chunk().await? {
            whole.extend_from_slice(&next);
        }
        Ok(whole.freeze())
    }

    /// All bytes, as text.
    ///
    /// # Errors
    /// As for [`bytes`](Body::bytes); text that is not UTF-8 [is malformed](BodyError::is_malformed).
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn text(self) -> Result<String, BodyError> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| BodyError::malformed(error.utf8_error()))
    }

    /// All bytes and the trailers, if the message had any.
    ///
    /// # Errors
    /// As for [`bytes`](Body::bytes).
    ///
    /// # Cancel safety
    /// Not safe: what was read is lost.
    pub async fn collect(mut self) -> Result<(Bytes, Option<HeaderMap>), BodyError> {
        let mut whole = BytesMut::new();
        let mut trailers = None;
        while let Some(frame) = self.frame().await {
            match frame?.into_data() {
                Ok(data) => whole.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        Ok((whole.freeze(), trailers))
    }

    fn take_allowed(&mut self, len: usize) -> Result<(), BodyError> {
        match self.allowed.checked_sub(len as u64) {
            Some(left) => {
                self.allowed = left;
                Ok(())
            }
            None => {
                self.kind = Kind::Empty;
                Err(BodyError::too_large(self.limit))
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = &mut *self;
        let frame = match &mut body.kind {
            Kind::Empty => return Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                body.kind = Kind::Empty;
                Some(Ok(Frame::data(bytes)))
            }
            Kind::Stream(stream) => {
                ready!(stream.as_mut().poll_next(cx)).map(|piece| piece.map(Frame::data))
            }
            Kind::Boxed(inner) => {
                // An announced length that is over the limit is refused before its first byte.
                if inner.size_hint().lower() > body.allowed {
                    body.kind = Kind::Empty;
                    return Poll::Ready(Some(Err(BodyError::too_large(body.limit))));
                }
                ready!(inner.as_mut().poll_frame(cx))
            }
        };
        let Some(Ok(frame)) = frame else {
            // What has ended or failed is not asked again: a stream may panic then.
            body.kind = Kind::Empty;
            return Poll::Ready(frame);
        };
        let len = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(body.take_allowed(len).map(|()| frame)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream(_) => false,
            Kind::Boxed(inner) => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(_) => SizeHint::default(),
            Kind::Boxed(inner) => inner.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len() {
            Some(len) => write!(f, "Body({len} bytes)"),
            None => f.write_str("Body(streaming)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        if bytes.is_empty() { Body::empty() } else { Body::of(Kind::Full(bytes)) }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Body {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Body {
        Bytes::from_static(bytes).into()
    }
}
