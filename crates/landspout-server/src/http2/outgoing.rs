//! The body of an answer, for a client that has to make room for it.

use super::streams::{Lane, Owed, Piece};
use crate::response_body::ResponseBody;
use http_body::{Body, Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A body whose pieces belong to their request until they are written.
///
/// The parser asks for a piece when the client has room for some of it. So when it does not ask, or
/// holds a piece, the client owes the next step.
#[derive(Debug)]
pub(crate) struct Outgoing {
    body: ResponseBody,
    lane: Rc<Lane>,
    unasked: Option<Owed>,
}

impl Outgoing {
    pub(crate) fn new(body: ResponseBody, lane: Rc<Lane>) -> Outgoing {
        let unasked = (!body.is_end_stream()).then(|| lane.owe());
        Outgoing { body, lane, unasked }
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
        this.unasked = None;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) if !this.body.is_end_stream() => this.unasked = Some(this.lane.owe()),
            Some(Err(error)) => this.lane.link().tell_broken(error),
            Some(Ok(_)) | None => {}
        }
        let lane = &this.lane;
        Poll::Ready(
            frame.map(|frame| frame.map(|frame| frame.map_data(|data| Piece::new(data, lane)))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
