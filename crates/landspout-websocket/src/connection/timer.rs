//! A connection's one timer.

use super::{Connection, Phase, Receiving, is_same};
use crate::deadline::Due;
use crate::error::Error;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

impl<Io> Connection<Io> {
    /// Whether the timer will wake this task in time: most polls are about something else, and
    /// find it as they left it.
    #[inline]
    pub(super) fn is_watched(&self, cx: &Context<'_>) -> bool {
        self.deadlines.is_armed()
            && !self.timer.as_ref().is_some_and(|timer| timer.is_elapsed())
            && is_same(&self.task, cx)
    }

    /// Waits for the next deadline, and does what is due. It is ready when something was done.
    #[inline]
    pub(super) fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_watched(cx) { Poll::Pending } else { self.poll_deadlines(cx) }
    }

    #[cold]
    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(at) = self.deadlines.next().map(Instant::from_std) else {
                return Poll::Pending;
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            // A timer that fires too early finds nothing due; only one that would be late is set
            // anew.
            if timer.deadline() > at {
                timer.as_mut().reset(at);
            }
            // Outside of the task's budget: where that is used up, the timer would not take the
            // waker.
            self.deadlines.arm(is_same(&self.task, cx));
            ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
            self.deadlines.arm(false);
            let now = Instant::now();
            if let Some(due) = self.deadlines.fire(now.into_std()) {
                self.act(due);
                return Poll::Ready(());
            }
            if let (Some(timer), Some(at)) = (&mut self.timer, self.deadlines.next()) {
                timer.as_mut().reset(Instant::from_std(at));
            }
        }
    }

    fn act(&mut self, due: Due) {
        match due {
            Due::Ping => {
                // After our close frame there is nothing to ping for.
                let _ = self.outbox.ping(b"", &mut self.protocol);
            }
            Due::Pong => self.drop_io(Some(Error::PongTimeout)),
            Due::Idle => self.fail(Error::IdleTimeout),
            Due::Write => self.drop_io(Some(Error::WriteTimeout)),
            Due::Close if self.phase == Phase::Closing => self.drop_io(Some(Error::CloseTimeout)),
            Due::Close => self.drop_io(None),
        }
    }

    /// Sees to the deadlines while this task waits to write, unless the one that receives does.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
        if self.receiver == Receiving::Absent {
            while self.poll_timer(cx).is_ready() {}
        }
    }
}
