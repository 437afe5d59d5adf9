//! The body of a response that is a stream of events.

use super::SseConfig;
use super::turns::InTurn;
use bytes::Bytes;
use http_body::Frame;
use landspout_handler::{BodyError, Connection};
use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::BuildHasher;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep};

/// The events of a stream, with what has to be said before, between and after them.
///
/// It needs no task of its own: whoever writes the response polls it.
pub(crate) struct Frames {
    receiver: mpsc::Receiver<Bytes>,
    /// Who polls this, and the waker that wakes it for an event.
    reader: Option<Reader>,
    /// What to say first, so that the client has the head of the response at once.
    opening: Option<Bytes>,
    /// What to say last; set when the server begins to stop.
    closing: Option<Bytes>,
    retry: Duration,
    keep_alive: Option<KeepAlive>,
    /// Resolves when the client has left or the server begins to stop; `None` once it has.
    end: Option<Pin<Box<dyn Future<Output = End> + Send>>>,
}

struct Reader {
    task: Waker,
    in_turn: Waker,
}

struct KeepAlive {
    period: Duration,
    timer: Pin<Box<Sleep>>,
}

enum End {
    ClientLeft,
    ServerStops,
}

impl Frames {
    pub(crate) fn new(
        receiver: mpsc::Receiver<Bytes>,
        connection: Connection,
        config: &SseConfig,
    ) -> Frames {
        let period = config.keep_alive;
        Frames {
            receiver,
            reader: None,
            opening: Some(retry(config.retry)),
            closing: None,
            retry: config.retry,
            keep_alive: (!period.is_zero())
                .then(|| KeepAlive { period, timer: Box::pin(sleep(period)) }),
            end: Some(Box::pin(ended(connection))),
        }
    }

    /// All events that wait, in one piece, up to [`JOINED`].
    fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.reader.as_ref().is_some_and(|reader| reader.task.will_wake(cx.waker())) {
            let task = cx.waker().clone();
            self.reader = Some(Reader { in_turn: InTurn::waker(&task), task });
        }
        let waker = self.reader.as_ref().map_or(cx.waker(), |reader| &reader.in_turn);
        let Some(first) = ready!(self.receiver.poll_recv(&mut Context::from_waker(waker))) else {
            return Poll::Ready(None);
        };
        let more = self.receiver.len();
        if more == 0 || first.len() >= JOINED {
            return Poll::Ready(Some(first));
        }
        let mut joined = Vec::with_capacity((first.len() * (more + 1)).min(JOINED));
        joined.extend_from_slice(&first);
        while joined.len() < JOINED
            && let Ok(next) = self.receiver.try_recv()
        {
            joined.extend_from_slice(&next);
        }
        Poll::Ready(Some(joined.into()))
    }

    /// Lets no more events in when there is a reason to end.
    fn poll_end(&mut self, cx: &mut Context<'_>) {
        let Some(end) = &mut self.end else { return };
        let Poll::Ready(end) = end.as_mut().poll(cx) else { return };
        self.end = None;
        self.receiver.close();
        match end {
            End::ClientLeft => while self.receiver.try_recv().is_ok() {},
            End::ServerStops => self.closing = Some(retry(jittered(self.retry))),
        }
    }
}

async fn ended(connection: Connection) -> End {
    let (mut left, mut stops) = (pin!(connection.closed()), pin!(connection.draining()));
    poll_fn(|cx| match (left.as_mut().poll(cx), stops.as_mut().poll(cx)) {
        (Poll::Ready(()), _) => Poll::Ready(End::ClientLeft),
        (_, Poll::Ready(())) => Poll::Ready(End::ServerStops),
        _ => Poll::Pending,
    })
    .await
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frames = &mut *self;
        frames.poll_end(cx);
        let mut piece = match frames.opening.take() {
            Some(opening) => Poll::Ready(Some(opening)),
            None => match frames.poll_events(cx) {
                Poll::Ready(None) => Poll::Ready(frames.closing.take()),
                event => event,
            },
        };
        if let Some(KeepAlive { period, timer }) = &mut frames.keep_alive {
            if piece.is_pending() {
                piece = timer.as_mut().poll(cx).map(|()| Some(COMMENT));
            }
            if piece.is_ready() {
                match Instant::now().checked_add(*period) {
                    Some(next) => timer.as_mut().reset(next),
                    // A silence of that length never comes.
                    None => frames.keep_alive = None,
                }
            }
        }
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Events are joined until they are this many bytes: 16 KiB.
const JOINED: usize = 16 << 10;

/// A line that clients pass over.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// Tells the client when to come back, and nothing else: without `data` it is no event.
fn retry(after: Duration) -> Bytes {
    Bytes::from(format!("retry: {}\n\n", after.as_millis()))
}

/// A time at random between this and its double.
fn jittered(time: Duration) -> Duration {
    // The keys of a new `RandomState` are as random as this needs.
    let random = RandomState::new().hash_one(()) as u32;
    let share = time.as_secs_f64() * (f64::from(random) / f64::from(u32::MAX));
    time.saturating_add(Duration::try_from_secs_f64(share).unwrap_or_default())
}
