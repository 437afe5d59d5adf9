//! A connection as its handles see it: what they poll.

use crate::agreement::Agreement;
use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::deadline::{Deadlines, Due};
use crate::error::Error;
use crate::mask;
use crate::outbox::{Outbox, Outgoing};
use crate::protocol::{Event, Protocol};
use crate::read_buffer::{self, Read};
use crate::role::Role;
use crate::waiters::Waiters;
use bytes::Bytes;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

/// The protocol, the socket and the timer, put together.
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
    failure: Option<Error>,
    /// What the other side's close frame said.
    close_frame: Option<CloseFrame>,
    subprotocol: Option<String>,
    receiver: Receiving,
    /// The task that received last.
    task: Option<Waker>,
    /// Whether the timer will wake that task.
    timer_is_set: bool,
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
        let subprotocol = agreement.subprotocol.clone();
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
            timer_is_set: false,
            waiters: None,
        }
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    pub(crate) fn close_frame(&self) -> Option<&CloseFrame> {
        self.close_frame.as_ref()
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
    /// deadlines themselves.
    pub(crate) fn leave(&mut self) {
        if self.receiver == Receiving::Absent {
            return;
        }
        self.receiver = Receiving::Absent;
        if let Some(waiters) = &self.waiters {
            waiters.wake_all();
        }
    }

    /// Why it ended, for the one who is told first.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Begins the closing handshake, behind what is queued.
    pub(crate) fn begin_close(&mut self, frame: CloseFrame) {
        if self.phase == Phase::Open {
            self.outbox.close(Some(frame));
            self.phase = Phase::Closing;
            self.deadlines.closing(Instant::now().into_std());
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
        self.failure = Some(error);
        self.end();
    }

    /// Writing failed. The other side may have said why before it went, so what is left to read
    /// is read.
    fn stop_writing(&mut self, error: Error) {
        self.failure.get_or_insert(error);
        self.outbox.abandon();
        self.phase = Phase::Closing;
        self.deadlines.closing(Instant::now().into_std());
    }

    fn end(&mut self) {
        self.phase = Phase::Ending;
        self.input = Vec::new();
        self.input_at = 0;
        self.deadlines.closing(Instant::now().into_std());
    }

    /// Drops the socket, and lets everyone know who waits.
    pub(crate) fn drop_io(&mut self, failure: Option<Error>) {
        if self.failure.is_none() {
            self.failure = failure;
        }
        self.phase = Phase::Over;
        self.io = None;
        self.timer = None;
        self.outbox.clear();
        if let Some(waiters) = &self.waiters {
            waiters.wake_all();
        }
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

impl<Io: AsyncRead + AsyncWrite + Unpin> Connection<Io> {
    /// The next event; `None` when the connection is closed.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Event>, Error>> {
        loop {
            match self.phase {
                Phase::Over => return Poll::Ready(self.failure.take().map_or(Ok(None), Err)),
                Phase::Ending => {
                    ready!(self.poll_end(cx));
                    continue;
                }
                Phase::Open | Phase::Closing => {}
            }
            let read = match self.take_input() {
                Some(read) => read,
                None => {
                    if let Poll::Ready(Err(error)) = self.poll_write(cx) {
                        self.stop_writing(error);
                        continue;
                    }
                    if self.poll_timer(cx).is_ready() {
                        continue;
                    }
                    match self.poll_read(cx) {
                        Poll::Ready(read) => read,
                        Poll::Pending => {
                            self.wait(cx);
                            return Poll::Pending;
                        }
                    }
                }
            };
            match read {
                Read::End => self.drop_io(Some(Error::Disconnected)),
                Read::Failed(error) => self.drop_io(Some(Error::Io(error))),
                Read::Bytes(Err(error)) => self.fail(Error::Protocol(error)),
                Read::Bytes(Ok(None)) => {}
                Read::Bytes(Ok(Some(event))) => {
                    self.answer(&event, cx);
                    return Poll::Ready(Ok(Some(event)));
                }
            }
        }
    }

    /// Notes that this task is the one that receives.
    fn wait(&mut self, cx: &mut Context<'_>) {
        self.receiver = Receiving::Waiting;
        if !is_same(&self.task, cx) {
            self.task = Some(cx.waker().clone());
            self.timer_is_set = false;
        }
    }

    /// Reads an event from the bytes that are here already.
    fn take_input(&mut self) -> Option<Read> {
        if !self.has_input() {
            return None;
        }
        let result = self.protocol.receive(&mut self.input[self.input_at..]);
        if let Ok(received) = &result {
            self.input_at += received.used;
        }
        if !self.has_input() {
            self.input = Vec::new();
            self.input_at = 0;
        }
        Some(Read::Bytes(result.map(|received| received.event)))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        let Some(io) = &mut self.io else { return Poll::Ready(Read::End) };
        let read =
            ready!(read_buffer::poll_read(Pin::new(io), cx, &mut self.protocol, &mut self.input));
        self.deadlines.heard();
        Poll::Ready(read)
    }

    /// What the protocol itself has to say to an event.
    fn answer(&mut self, event: &Event, cx: &mut Context<'_>) {
        match event {
            Event::Message(_) => self.deadlines.active(),
            Event::Ping(payload) => {
                // After our close frame a ping has no answer (RFC 6455 §5.5.2).
                let _ = self.outbox.pong(payload.clone(), &mut self.protocol);
            }
            Event::Pong(_) => {}
            Event::Close(frame) => {
                self.close_frame.clone_from(frame);
                self.failure = None;
                let code = frame.as_ref().map(CloseFrame::code);
                self.outbox.clear();
                self.outbox.close(code.map(|code| CloseFrame::new(code, "")));
                self.end();
                // The caller may be content with the event and drop the connection.
                let _ = self.poll_write(cx);
            }
        }
    }

    /// Writes the close frame, then ends the stream.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.poll_timer(cx).is_ready() {
                continue;
            }
            let written = match self.poll_write(cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(_)) => break,
                Poll::Pending => false,
            };
            let Some(io) = &mut self.io else { return Poll::Ready(()) };
            // RFC 6455 §7.1.1: the server ends the stream first. After an error this side does,
            // and reads on until the other has seen it: closing a socket with unread bytes
            // would destroy what was sent last.
            let ends = self.failure.is_some() || self.protocol.role() == Role::Server;
            if written && ends && ready!(Pin::new(io).poll_shutdown(cx)).is_err() {
                break;
            }
            if written && ends && self.failure.is_none() {
                break;
            }
            let Some(io) = &mut self.io else { return Poll::Ready(()) };
            match ready!(read_buffer::poll_discard(Pin::new(io), cx)) {
                true => {}
                false => break,
            }
        }
        self.drop_io(None);
        Poll::Ready(())
    }

    /// Writes what there is to write.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.write_for(Some(cx.waker()))
    }

    /// Writes what there is to write; wakes the task, if there is one, when it can go on.
    fn write_for(&mut self, task: Option<&Waker>) -> Poll<Result<(), Error>> {
        if self.outbox.is_idle() && self.io.is_some() {
            return Poll::Ready(Ok(()));
        }
        let mut cx = Context::from_waker(task.unwrap_or(Waker::noop()));
        loop {
            let Some(io) = &mut self.io else { return Poll::Ready(Err(Error::Closed)) };
            self.outbox.commit(&mut self.protocol)?;
            let (len, result) = self.outbox.wire().poll_write(Pin::new(&mut *io), &mut cx);
            if len > 0 {
                self.deadlines.wrote();
                if let Some(waiters) = &self.waiters {
                    waiters.wake_all();
                }
            }
            match result {
                Poll::Ready(Ok(())) if self.outbox.len() == 0 => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::Io(error))),
                Poll::Pending => {
                    let waiters = self.waiters.get_or_insert_default();
                    if let Some(task) = task {
                        waiters.add(task);
                    }
                    // Once more, for the socket to remember all that wait.
                    let all = Waker::from(Arc::clone(waiters));
                    let mut all = Context::from_waker(&all);
                    let (len, result) = self.outbox.wire().poll_write(Pin::new(io), &mut all);
                    if result.is_pending() && len == 0 {
                        self.deadlines.stalled(|| Instant::now().into_std());
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Waits for the next deadline, and does what is due. It is ready when something was done.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(at) = self.deadlines.next().map(Instant::from_std) else {
                return Poll::Pending;
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            // A timer that fires too early finds nothing due; only one that would be late is set
            // anew.
            if timer.deadline() > at {
                timer.as_mut().reset(at);
                self.timer_is_set = false;
            }
            // Most polls are about something else, and find the timer as they left it.
            if self.timer_is_set && !timer.is_elapsed() && is_same(&self.task, cx) {
                return Poll::Pending;
            }
            self.timer_is_set = is_same(&self.task, cx);
            ready!(timer.as_mut().poll(cx));
            self.timer_is_set = false;
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

    /// Ready when there is room for one more message.
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

    /// Sees to the deadlines while this task waits to write, unless the one that receives does.
    fn watch(&mut self, cx: &mut Context<'_>) {
        if self.receiver == Receiving::Absent {
            while self.poll_timer(cx).is_ready() {}
        }
    }

    /// Queues a message for which there is room.
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
        crate::protocol::check_control(&payload)?;
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
