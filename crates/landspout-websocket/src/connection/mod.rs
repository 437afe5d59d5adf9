//! A connection as its handles see it: what they poll.

mod receive;
mod send;
mod timer;

use crate::agreement::Agreement;
use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::deadline::Deadlines;
use crate::error::Error;
use crate::mask;
use crate::outbox::Outbox;
use crate::protocol::Protocol;
use crate::waiters::Waiters;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use tokio::time::{Instant, Sleep};

/// The protocol, the socket and the timer, put together. What few connections have, or have only at
/// their end, is in boxes.
pub(crate) struct Connection<Io> {
    /// `None` when it is over.
    io: Option<Io>,
    protocol: Protocol,
    outbox: Outbox,
    /// Bytes that came together with an event, from `input_at` on.
    input: Vec<u8>,
    input_at: usize,
    deadlines: Deadlines,
    timer: Option<Pin<Box<Sleep>>>,
    phase: Phase,
    /// Why it ends, until someone has been told.
    failure: Option<Box<Error>>,
    /// What the other side's close frame said.
    close_frame: Option<Box<CloseFrame>>,
    #[expect(clippy::box_collection, reason = "few connections have one")]
    subprotocol: Option<Box<String>>,
    receiver: Receiving,
    /// The task that received last.
    task: Option<Waker>,
    /// Made when writing first stalls.
    waiters: Option<Arc<Waiters>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is on its way, theirs has not come.
    Closing,
    /// No more events: what is left is to write the close frame and to end the stream.
    Ending,
    Over,
}

/// What the task that receives does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiving {
    /// It is busy with something else.
    Absent,
    /// It waits, and will write what there is when it is woken.
    Waiting,
    /// It has been woken.
    Woken,
}

impl<Io> Connection<Io> {
    /// A connection, with bytes of it that were read already.
    pub(crate) fn new(
        io: Io,
        agreement: Agreement,
        config: &Config,
        input: Vec<u8>,
    ) -> Connection<Io> {
        let subprotocol = agreement.subprotocol.clone().map(Box::new);
        let [spread, ..] = mask::key();
        Connection {
            io: Some(io),
            protocol: Protocol::new(agreement, config),
            outbox: Outbox::new(config),
            input,
            input_at: 0,
            deadlines: Deadlines::new(config, Instant::now().into_std(), spread),
            timer: None,
            phase: Phase::Open,
            failure: None,
            close_frame: None,
            subprotocol,
            receiver: Receiving::Absent,
            task: None,
            waiters: None,
        }
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref().map(String::as_str)
    }

    pub(crate) fn close_frame(&self) -> Option<&CloseFrame> {
        self.close_frame.as_deref()
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether more has arrived than has been received.
    pub(crate) fn has_input(&self) -> bool {
        self.input_at < self.input.len()
    }

    /// The task that receives has gone to do something else; those who wait to send see to the
    /// deadlines themselves. Says whether it was woken and has not looked why.
    pub(crate) fn leave(&mut self) -> bool {
        let was = std::mem::replace(&mut self.receiver, Receiving::Absent);
        if was != Receiving::Absent {
            self.wake_waiters();
        }
        was == Receiving::Woken
    }

    /// Whether this is the task that receives, and it has messages before it that came with the
    /// one it has received last.
    pub(crate) fn is_answering(&self, cx: &Context<'_>) -> bool {
        self.has_input() && self.receiver == Receiving::Absent && is_same(&self.task, cx)
    }

    /// Whether the task that receives does something else now, and will not write.
    #[inline]
    pub(crate) fn is_busy_elsewhere(&self) -> bool {
        self.receiver == Receiving::Absent
    }

    fn wake_waiters(&self) {
        if let Some(waiters) = &self.waiters {
            waiters.wake_all();
        }
    }

    /// Why it ended, for the one who is told first.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take().map(|error| *error)
    }

    /// Begins the closing handshake, behind what is queued.
    pub(crate) fn begin_close(&mut self, frame: CloseFrame) {
        if self.phase == Phase::Open {
            self.outbox.close(Some(frame));
            self.phase = Phase::Closing;
            self.deadlines.closing(Instant::now().into_std());
            self.wake_waiters();
        }
    }

    /// Ends the connection for a reason of this side's, and says so.
    fn fail(&mut self, error: Error) {
        let code = match &error {
            Error::Protocol(error) => error.close_code(),
            Error::Overflow => CloseCode::TRY_AGAIN,
            _ => CloseCode::GOING_AWAY,
        };
        self.outbox.clear();
        self.outbox.close(Some(CloseFrame::new(code, error.reason())));
        self.failure = Some(Box::new(error));
        self.end();
    }

    /// Writing failed. The other side may have said why before it went, so what is left to read
    /// is read.
    fn stop_writing(&mut self, error: Error) {
        self.failure.get_or_insert_with(|| Box::new(error));
        self.outbox.abandon();
        self.phase = Phase::Closing;
        self.deadlines.closing(Instant::now().into_std());
        self.wake_waiters();
    }

    fn end(&mut self) {
        self.phase = Phase::Ending;
        self.input = Vec::new();
        self.input_at = 0;
        self.deadlines.closing(Instant::now().into_std());
        self.wake_waiters();
    }

    /// Drops the socket, and lets everyone know who waits.
    pub(crate) fn drop_io(&mut self, failure: Option<Error>) {
        if self.failure.is_none() {
            self.failure = failure.map(Box::new);
        }
        self.phase = Phase::Over;
        self.io = None;
        self.timer = None;
        self.outbox.clear();
        self.wake_waiters();
        self.wake_receiver();
    }

    /// Wakes the task that receives, if it waits; says whether it will write.
    fn wake_receiver(&mut self) -> bool {
        match (self.receiver, &self.task) {
            (Receiving::Waiting, Some(task)) => {
                self.receiver = Receiving::Woken;
                task.wake_by_ref();
                true
            }
            (receiver, _) => receiver == Receiving::Woken,
        }
    }

    /// An error for a sender whose connection is no longer open.
    fn check_open(&self) -> Result<(), Error> {
        if self.phase == Phase::Open { Ok(()) } else { Err(Error::Closed) }
    }
}

/// Whether the context's task is this one.
fn is_same(task: &Option<Waker>, cx: &Context<'_>) -> bool {
    task.as_ref().is_some_and(|task| task.will_wake(cx.waker()))
}

impl<Io> fmt::Debug for Connection<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("phase", &self.phase)
            .field("queued", &self.outbox.len())
            .finish_non_exhaustive()
    }
}
