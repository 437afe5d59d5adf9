//! The body of an answer, for a client that has to make room for it.

use super::streams::{Lane, Piece};
use crate::response_body::ResponseBody;
use http_body::{Body, Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// An answer of at most this many bytes, one frame, is the parser's from the beginning.
const SHORT: u64 = 16 << 10;

/// A body whose pieces belong to their request until they are written.
///
/// The parser keeps what the client has no room for. To be able to take a long answer back, it is
/// not told the end before the client has taken what comes before that.
#[derive(Debug)]
pub(crate) struct Outgoing {
    body: ResponseBody,
    lane: Rc<Lane>,
    is_long: bool,
    /// The end: trailers, or nothing.
    end: Option<Option<Frame<Piece>>>,
}

impl Outgoing {
    pub(crate) fn new(body: ResponseBody, lane: Rc<Lane>) -> Outgoing {
        let is_short = || body.size_hint().exact().is_some_and(|len| len <= SHORT);
        let is_long = !body.is_end_stream() && !is_short();
        Outgoing { body, lane, is_long, end: None }
    }
}

impl Body for Outgoing {
    type Data = Piece;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, BodyError>>> {
        let this = &mut *self;
        if this.end.is_none() {
            let frame = ready!(Pin::new(&mut this.body).poll_frame(cx)).transpose();
            let frame = frame.inspect_err(|error| this.lane.link().tell_broken(error))?;
            let frame = frame.map(|frame| frame.map_data(|data| Piece::new(data, &this.lane)));
            if frame.as_ref().is_some_and(Frame::is_data) {
                return Poll::Ready(frame.map(Ok));
            }
            this.end = Some(frame);
        }
        if this.is_long {
            ready!(this.lane.poll_taken(cx));
        }
        Poll::Ready(this.end.take().flatten().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        !self.is_long && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if self.is_long && self.lane.is_owing() {
            // It was taken back, or its client has.
            self.body.break_off();
        }
    }
}
