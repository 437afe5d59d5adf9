//! Receiving on a connection, to its end.

use super::{Connection, Phase, Receiving, is_same};
use crate::close::CloseFrame;
use crate::error::Error;
use crate::message::Message;
use crate::protocol::Event;
use crate::read_buffer::{self, Read};
use crate::role::Role;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

impl<Io: AsyncRead + AsyncWrite + Unpin> Connection<Io> {
    /// The next event; `None` when the connection is closed. Whoever is given one has something
    /// else to do now.
    #[inline]
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Event>, Error>> {
        let mut read = None;
        // Mostly nothing is to be written and nothing was read ahead, and there is a message or
        // nothing.
        if self.outbox.is_idle() && self.phase == Phase::Open && !self.has_input() {
            match self.poll_read(cx) {
                Poll::Ready(Ok(message)) => {
                    self.deadlines.active();
                    self.leave();
                    return Poll::Ready(Ok(Some(Event::Message(message))));
                }
                Poll::Ready(Err(other)) => read = Some(other),
                Poll::Pending if self.is_watched(cx) => {
                    self.receiver = Receiving::Waiting;
                    return Poll::Pending;
                }
                Poll::Pending => {}
            }
        }
        self.poll_receive_any(cx, read)
    }

    /// The next event, whatever it is, of what was read already or is read now.
    #[inline(never)]
    fn poll_receive_any(
        &mut self,
        cx: &mut Context<'_>,
        mut first: Option<Read>,
    ) -> Poll<Result<Option<Event>, Error>> {
        loop {
            let read = if let Some(read) = first.take() {
                read
            } else if !matches!(self.phase, Phase::Open | Phase::Closing) {
                return self.poll_last(cx);
            } else if self.has_input() {
                self.take_input()
            } else {
                if let Poll::Ready(Err(error)) = self.poll_write(cx) {
                    self.stop_writing(error);
                    continue;
                }
                match self.poll_read_any(cx) {
                    Poll::Ready(read) => read,
                    // A stream that is always ready would keep the timer waiting; those of
                    // tokio say now and then that they are not.
                    Poll::Pending if self.poll_timer(cx).is_ready() => continue,
                    Poll::Pending => {
                        self.wait(cx);
                        return Poll::Pending;
                    }
                }
            };
            match read {
                Read::Bytes(Ok(Some(event))) => {
                    self.answer(&event, cx);
                    self.leave();
                    return Poll::Ready(Ok(Some(event)));
                }
                Read::Bytes(Ok(None)) => {}
                read => self.give_up(read),
            }
        }
    }

    /// Ends the connection, and says why it ended.
    #[cold]
    fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, Error>> {
        while self.phase == Phase::Ending {
            ready!(self.poll_end(cx));
        }
        self.leave();
        Poll::Ready(self.take_failure().map_or(Ok(None), Err))
    }

    /// Nothing more can be read, or shall be.
    #[cold]
    fn give_up(&mut self, read: Read) {
        match read {
            Read::Bytes(Ok(_)) => {}
            Read::Bytes(Err(error)) => self.fail(Error::Protocol(error)),
            Read::End => self.drop_io(Some(Error::Disconnected)),
            Read::Failed(error) => self.drop_io(Some(Error::Io(error))),
        }
    }

    /// Notes that this task is the one that receives.
    fn wait(&mut self, cx: &mut Context<'_>) {
        self.receiver = Receiving::Waiting;
        if !is_same(&self.task, cx) {
            self.task = Some(cx.waker().clone());
            self.deadlines.arm(false);
        }
    }

    /// Reads an event from the bytes that are here already.
    fn take_input(&mut self) -> Read {
        let result = self.protocol.receive(&mut self.input[self.input_at..]);
        if let Ok(received) = &result {
            self.input_at += received.used;
        }
        if !self.has_input() {
            self.input = Vec::new();
            self.input_at = 0;
        }
        Read::Bytes(result.map(|received| received.event))
    }

    #[inline(always)]
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Read>> {
        let Some(io) = &mut self.io else { return Poll::Ready(Err(Read::End)) };
        let read =
            ready!(read_buffer::poll_read(Pin::new(io), cx, &mut self.protocol, &mut self.input));
        self.deadlines.heard();
        Poll::Ready(read)
    }

    #[inline(never)]
    fn poll_read_any(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        let read = ready!(self.poll_read(cx));
        Poll::Ready(
            read.map_or_else(|read| read, |message| Read::Bytes(Ok(Some(Event::Message(message))))),
        )
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
                self.close_frame = frame.clone().map(Box::new);
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
}
