//! Sending on a connection.

use super::{Connection, Phase};
use crate::error::Error;
use crate::outbox::{Outgoing, SMALL};
use crate::protocol::check_control;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

impl<Io: AsyncRead + AsyncWrite + Unpin> Connection<Io> {
    /// Writes what there is to write.
    #[inline]
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.outbox.is_idle() && self.io.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.write_for(Some(cx.waker()))
    }

    /// Writes what there is to write; wakes the task, if there is one, when it can go on.
    fn write_for(&mut self, task: Option<&Waker>) -> Poll<Result<(), Error>> {
        let mut cx = Context::from_waker(task.unwrap_or(Waker::noop()));
        loop {
            let Some(io) = &mut self.io else { return Poll::Ready(Err(Error::Closed)) };
            self.outbox.commit(&mut self.protocol)?;
            let (mut len, mut result) = self.outbox.wire().poll_write(Pin::new(&mut *io), &mut cx);
            let settled = self.outbox.settle();
            if let Poll::Ready(Ok(())) = result
                && self.waiters.is_none()
                && settled
            {
                // The usual: all is written, and nobody waited for it.
                self.deadlines.wrote();
                return Poll::Ready(Ok(()));
            }
            if result.is_pending() {
                let waiters = self.waiters.get_or_insert_default();
                if let Some(task) = task {
                    waiters.add(task);
                }
                // Once more, for the socket to remember all that wait.
                let all = Waker::from(Arc::clone(waiters));
                let cx = &mut Context::from_waker(&all);
                let (more, again) = self.outbox.wire().poll_write(Pin::new(io), cx);
                len += more;
                result = again;
            }
            if len > 0 {
                self.deadlines.wrote();
                if result.is_ready() || self.outbox.has_room() {
                    self.wake_waiters();
                }
            }
            self.outbox.settle();
            match result {
                Poll::Ready(Ok(())) if self.outbox.len() == 0 => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::Io(error))),
                Poll::Pending => {
                    self.deadlines.stalled(|| Instant::now().into_std());
                    return Poll::Pending;
                }
            }
        }
    }

    /// Ready when there is room for one more message.
    #[inline]
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.check_open()?;
        if self.outbox.has_room() {
            return Poll::Ready(Ok(()));
        }
        let _ = self.poll_write(cx)?;
        if self.outbox.has_room() {
            return Poll::Ready(Ok(()));
        }
        self.watch(cx);
        self.check_open()?;
        Poll::Pending
    }

    /// Ready when all is written.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let result = self.poll_write(cx);
        if result.is_pending() {
            self.watch(cx);
        }
        result
    }

    /// Sends a message in one step, if it is small and nothing is before it: most are, and there is
    /// nothing. Says whether it did.
    #[inline]
    pub(crate) fn send_at_once(
        &mut self,
        message: &Outgoing,
        task: Option<&Waker>,
    ) -> Result<bool, Error> {
        let Outgoing::Message(message) = message else { return Ok(false) };
        let is_calm = self.outbox.is_idle() && self.phase == Phase::Open && !self.has_input();
        let (true, Some(io)) = (is_calm && message.len() < SMALL, &mut self.io) else {
            return Ok(false);
        };
        let mut cx = Context::from_waker(task.unwrap_or(Waker::noop()));
        let Connection { outbox, protocol, .. } = self;
        self.deadlines.active();
        match outbox.poll_write_through(message, protocol, Pin::new(io), &mut cx) {
            Poll::Ready(result) => result?,
            Poll::Pending => {
                let _ = self.write_for(task)?;
            }
        }
        Ok(true)
    }

    /// Queues a message for which there is room.
    #[inline]
    pub(crate) fn push(&mut self, message: Outgoing) -> Result<(), Error> {
        self.check_open()?;
        self.deadlines.active();
        self.outbox.push(message, &mut self.protocol)
    }

    /// Queues a message if the queue takes it.
    pub(crate) fn try_push(&mut self, message: Outgoing, key: Option<u64>) -> Result<(), Error> {
        self.check_open()?;
        self.deadlines.active();
        let result = self.outbox.try_push(message, key, &mut self.protocol);
        if let Err(Error::Overflow) = result {
            self.fail(Error::Overflow);
        }
        self.start_writing();
        result
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.check_open()?;
        self.outbox.ping(payload, &mut self.protocol)
    }

    /// Queues a pong that answers no ping.
    pub(crate) fn pong(&mut self, payload: Bytes) -> Result<(), Error> {
        self.check_open()?;
        check_control(&payload)?;
        self.outbox.pong(payload, &mut self.protocol)
    }

    /// Lets the task that receives write what was queued, once for all that is queued before
    /// its turn comes; if it is busy elsewhere, writes at once.
    pub(crate) fn start_writing(&mut self) {
        if !self.wake_receiver() {
            // An error shows again when someone who can be told of it writes.
            let _ = self.write_for(None);
        }
    }
}
