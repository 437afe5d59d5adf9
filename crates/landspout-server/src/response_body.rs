//! The body of an answer, until the last of it is handed over.

use crate::access_log::AccessLine;
use crate::deadline::Phase;
use crate::link::Link;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A body that never looks complete when it is not, and whose end is the end of its exchange.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    body: Body,
    /// Bytes that the Content-Length leaves room for, if the handler set one.
    room: Option<u64>,
    exchange: Exchange,
}

/// A request that is being answered: from its head to the end of the answer's body.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) link: Rc<Link>,
    pub(crate) line: Option<Box<AccessLine>>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.link.enter(Phase::Idle);
    }
}

impl Exchange {
    pub(crate) fn respond(self, body: Body, declared: Option<u64>, bodiless: bool) -> ResponseBody {
        let mut response = ResponseBody { body, room: declared, exchange: self };
        if bodiless {
            // It is dropped unread.
            response.complete();
        }
        response
    }
}

impl ResponseBody {
    fn complete(&mut self) {
        if let Some(line) = &mut self.exchange.line {
            line.complete = true;
        }
    }

    fn count(&mut self, data: &Bytes) -> Result<(), BodyError> {
        let len = data.len() as u64;
        if let Some(room) = self.room {
            // The parser would cut it to size, and it would look whole.
            let left = room.checked_sub(len).ok_or_else(|| {
                BodyError::other("the body is longer than the Content-Length of its answer")
            })?;
            self.room = Some(left);
        }
        if let Some(line) = &mut self.exchange.line {
            line.bytes += len;
        }
        Ok(())
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.complete(),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.count(data)?;
                }
                if self.body.is_end_stream() || frame.is_trailers() {
                    self.complete();
                }
            }
            Some(Err(_)) => {}
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
