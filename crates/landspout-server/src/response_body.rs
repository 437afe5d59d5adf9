//! The body of an answer, until the last of it is handed over.

use crate::exchange::Exchange;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError, catch_panic};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that never looks complete when it is not, and whose end is the end of its exchange.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    body: Body,
    /// Bytes that the Content-Length leaves room for, if the handler set one.
    room: Option<u64>,
    /// The piece that fills the room, held back until it is known to be the last: the parser would
    /// cut what follows it, and the answer would look whole.
    last: Option<Bytes>,
    /// An error that the parser has not been given yet.
    failed: Option<BodyError>,
    exchange: Exchange,
}

impl ResponseBody {
    /// `declared` is the answer's Content-Length, if it has one; a `bodiless` answer's body is never
    /// read.
    pub(crate) fn new(
        body: Body,
        declared: Option<u64>,
        bodiless: bool,
        exchange: Exchange,
    ) -> ResponseBody {
        let mut response =
            ResponseBody { body, room: declared, last: None, failed: None, exchange };
        if bodiless {
            response.complete();
        }
        response
    }

    fn complete(&mut self) {
        if let Some(record) = &mut self.exchange.record {
            record.complete = true;
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

    fn poll_checked(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            let frame = ready!(self.poll_body(cx)).transpose()?;
            let Some(frame) = frame else {
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
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let frame = ready!(self.poll_checked(cx));
        match &frame {
            Some(Ok(frame)) => {
                let len = frame.data_ref().map_or(0, Bytes::len);
                if let Some(record) = &mut self.exchange.record {
                    record.bytes += len as u64;
                }
                if self.room == Some(0) || frame.is_trailers() || self.body.is_end_stream() {
                    self.complete();
                }
            }
            None => self.complete(),
            Some(Err(_)) => {
                // At an error the parser throws away what it has not written: let it write first.
                self.failed = frame.and_then(Result::err);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
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
