//! The body of an answer, until the last of it is handed over.

use crate::exchange::Exchange;
use crate::layout::LARGE;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError, catch_panic};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that never looks complete when it is not, and whose end is the end of its exchange.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    pieces: Pieces,
    exchange: Exchange,
}

#[derive(Debug)]
enum Pieces {
    /// All of it is there. That is most answers, for whom this is to be small and quick.
    Whole(Bytes),
    Streamed(Box<Streamed>),
}

impl ResponseBody {
    /// `declared` is the answer's Content-Length, if it has one; that to a HEAD is complete without
    /// its body.
    #[inline]
    pub(crate) fn new(body: Body, declared: Option<u64>, exchange: Exchange) -> ResponseBody {
        let pieces = match body.into_whole() {
            Ok(bytes) => Pieces::Whole(bytes),
            Err(body) => Pieces::Streamed(Streamed::new(body, declared)),
        };
        let mut response = ResponseBody { pieces, exchange };
        if response.exchange.is_head() || response.is_end_stream() {
            response.exchange.hand_over(0, true);
        }
        response
    }

    /// What was handed over did not reach its client.
    pub(crate) fn break_off(&mut self) {
        if let Some(record) = &mut self.exchange.record {
            record.complete = false;
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let ResponseBody { pieces, exchange } = self.get_mut();
        match pieces {
            Pieces::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Pieces::Whole(bytes) => {
                let piece = match bytes.len() {
                    0..LARGE => mem::take(bytes),
                    len => bytes.split_to(len.min(exchange.expect_large())),
                };
                exchange.hand_over(piece.len(), bytes.is_empty());
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Pieces::Streamed(streamed) => poll_streamed(streamed, exchange, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.pieces {
            Pieces::Whole(bytes) => bytes.is_empty(),
            Pieces::Streamed(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.pieces {
            Pieces::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Pieces::Streamed(streamed) => streamed.body.size_hint(),
        }
    }
}

#[inline(never)]
fn poll_streamed(
    streamed: &mut Streamed,
    exchange: &mut Exchange,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    let frame = ready!(streamed.poll_frame(cx));
    let (len, is_last) = match &frame {
        None => (0, true),
        Some(Ok(frame)) => {
            let len = frame.data_ref().map_or(0, Bytes::len);
            (len, streamed.is_complete_after(frame))
        }
        Some(Err(_)) => (0, false),
    };
    if len >= LARGE {
        exchange.expect_large();
    }
    exchange.hand_over(len, is_last);
    Poll::Ready(frame)
}

/// A body that comes piece by piece.
#[derive(Debug)]
struct Streamed {
    body: Body,
    /// Bytes that the Content-Length leaves room for, if the handler set one.
    room: Option<u64>,
    /// The piece that fills the room, held back until it is known to be the last: the parser would
    /// cut what follows it, and the answer would look whole.
    last: Option<Bytes>,
    /// An error that the parser has not been given yet.
    failed: Option<BodyError>,
}

impl Streamed {
    #[inline(never)]
    fn new(body: Body, declared: Option<u64>) -> Box<Streamed> {
        Box::new(Streamed { body, room: declared, last: None, failed: None })
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let frame = ready!(self.poll_checked(cx));
        if let Some(Err(error)) = frame {
            // At an error the parser throws away what it has not written: let it write first.
            self.failed = Some(error);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(frame)
    }

    fn poll_checked(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            let frame = ready!(self.poll_body(cx)).transpose()?;
            let Some(frame) = frame else {
                if self.room.is_some_and(|room| room > 0) {
                    let message = "the body is shorter than the Content-Length of its answer";
                    return Poll::Ready(Some(Err(BodyError::other(message))));
                }
                return Poll::Ready(self.last.take().map(|last| Ok(Frame::data(last))));
            };
            let Some(room) = self.room else { return Poll::Ready(Some(Ok(frame))) };
            // Beside a Content-Length there are no trailers.
            let Ok(data) = frame.into_data() else { continue };
            let left = room.checked_sub(data.len() as u64).ok_or_else(|| {
                BodyError::other("the body is longer than the Content-Length of its answer")
            })?;
            self.room = Some(left);
            if left > 0 || self.body.is_end_stream() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if !data.is_empty() {
                self.last = Some(data);
            }
        }
    }

    /// A panic is an error like another one, so that the answer is seen to have broken off.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        catch_panic(|| Pin::new(&mut self.body).poll_frame(cx)).unwrap_or_else(|_| {
            // It is not to be polled again.
            self.body = Body::empty();
            Poll::Ready(Some(Err(BodyError::other("the body of an answer panicked"))))
        })
    }

    /// Whether nothing follows this frame, which was the newest.
    fn is_complete_after(&self, frame: &Frame<Bytes>) -> bool {
        self.room == Some(0) || frame.is_trailers() || self.body.is_end_stream()
    }
}
