//! The body of an answer on its way to the caller.

use crate::error::Stalled;
use crate::lease::Lease;
use crate::metrics::Tally;
use crate::moment::Moment;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use landspout_handler::BodyError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep_until};

/// A body that must be over by a deadline, and that gives its connection back at its end. Dropped
/// before, it closes the connection.
#[derive(Debug)]
pub(crate) struct Transfer<B: http_body::Body> {
    /// `None` after an error.
    body: Option<B>,
    lease: Option<Lease>,
    /// How long the server keeps the connection when it is idle.
    server_idle: Option<Duration>,
    limits: TransferLimits,
    tally: Tally,
    /// When the body must go on, while it is waited for and that has a limit.
    quiet_until: Option<Moment>,
    /// Made when the body is waited for: a small one has come with its head.
    sleep: Option<Pin<Box<Sleep>>>,
}

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransferLimits {
    /// When it must be over.
    pub(crate) deadline: Option<Moment>,
    /// How long it may go without a byte; zero is no limit.
    pub(crate) read_timeout: Duration,
}

impl<B: http_body::Body> Transfer<B> {
    pub(crate) fn new(
        body: B,
        lease: Option<Lease>,
        server_idle: Option<Duration>,
        limits: TransferLimits,
        tally: Tally,
    ) -> Transfer<B> {
        let body = Some(body);
        Transfer { body, lease, server_idle, limits, tally, quiet_until: None, sleep: None }
    }

    fn finish(&mut self) {
        self.sleep = None;
        if let Some(lease) = self.lease.take() {
            lease.give_back(self.server_idle);
        }
    }

    fn fail(&mut self) {
        self.body = None;
        self.lease = None;
        self.sleep = None;
    }

    fn time_out(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let error = match self.is_late() {
            true => BodyError::timeout(),
            false => BodyError::incomplete(Stalled(self.limits.read_timeout)),
        };
        self.fail();
        Poll::Ready(Some(Err(error)))
    }

    fn is_late(&self) -> bool {
        self.limits.deadline.is_some_and(|deadline| Moment::now() >= deadline)
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let TransferLimits { deadline, read_timeout } = self.limits;
        if self.quiet_until.is_none() && !read_timeout.is_zero() {
            self.quiet_until = Moment::now().checked_add(read_timeout);
        }
        let Some(end) = [deadline, self.quiet_until].into_iter().flatten().min() else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(end.instant())));
        if sleep.deadline() != end.instant() {
            sleep.as_mut().reset(end.instant());
        }
        sleep.as_mut().poll(cx)
    }
}

impl<B> http_body::Body for Transfer<B>
where
    B: http_body::Body<Data = Bytes, Error = BodyError> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let is_end = body.is_end_stream();
                self.quiet_until = None;
                if let Some(Ok(frame)) = &frame {
                    self.tally.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
                }
                match &frame {
                    None => self.finish(),
                    Some(Err(_)) => self.fail(),
                    Some(Ok(_)) if is_end => self.finish(),
                    // Where bytes are always there, nobody ever waits.
                    Some(Ok(_)) if self.is_late() => return self.time_out(),
                    Some(Ok(_)) => {}
                }
                Poll::Ready(frame)
            }
            Poll::Pending if self.poll_deadline(cx).is_ready() => self.time_out(),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

/// An answer without a body is at its end before anybody reads it.
impl<B: http_body::Body> Drop for Transfer<B> {
    fn drop(&mut self) {
        if self.body.as_ref().is_some_and(http_body::Body::is_end_stream) {
            self.finish();
        }
    }
}
