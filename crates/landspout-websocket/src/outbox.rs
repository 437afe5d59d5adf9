//! What waits to be sent, in bounds.

use crate::close::CloseFrame;
use crate::config::{Config, Overflow};
use crate::error::Error;
use crate::message::Message;
use crate::prepared::PreparedMessage;
use crate::protocol::{Protocol, opcode_of, write_head};
use crate::role::Role;
use crate::wire::{SHARE, Wire};
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;

/// The encoded bytes that are enough to keep the I/O busy: a vectored write takes not much more.
/// What is beyond stays a message, and can still be dropped or replaced.
const COMMIT: usize = 64 * 1024;

/// Messages of fewer bytes are copied, those of more are written from where they are.
pub(crate) const SMALL: usize = SHARE * 4;

/// What a message's place in the queue counts as, in bytes, lest empty messages be free.
const PLACE: usize = 64;

/// Something to be sent.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    Message(Message),
    Prepared(PreparedMessage),
}

impl Outgoing {
    /// What it counts as in the queue, in bytes.
    fn cost(&self) -> usize {
        let len = match self {
            Outgoing::Message(message) => message.len(),
            Outgoing::Prepared(message) => message.payload().len(),
        };
        len.saturating_add(PLACE)
    }
}

/// Messages that wait for the I/O: first as messages, then as bytes.
///
/// A message is encoded when its bytes are about to be written and no earlier: one that was
/// compressed with a kept context must be sent.
#[derive(Debug)]
pub(crate) struct Outbox {
    wire: Wire,
    /// What the I/O does not take yet; mostly there is nothing.
    queue: Option<Box<Queue>>,
    /// The answer to the last ping, while the I/O takes nothing. RFC 6455 §5.5.3: the pings
    /// before it need none.
    pong: Option<Box<Bytes>>,
    /// The frame that ends it all, behind what is queued.
    close: Option<Box<Option<CloseFrame>>>,
    max_queue: usize,
    overflow: Overflow,
    dropped: u64,
    /// Something was added after all was written the last time.
    busy: bool,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Queued>,
    /// What they count as, in bytes.
    cost: usize,
}

impl Queue {
    fn push(&mut self, new: Queued) {
        self.cost += new.message.cost();
        self.messages.push_back(new);
    }

    fn pop(&mut self) -> Option<Queued> {
        let oldest = self.messages.pop_front()?;
        self.cost -= oldest.message.cost();
        Some(oldest)
    }

    /// Takes the place of a message with the same key; gives it back if there is none.
    fn replace(&mut self, new: Queued) -> Result<(), Queued> {
        let Some(old) = self.messages.iter_mut().find(|old| old.key == new.key) else {
            return Err(new);
        };
        self.cost = self.cost - old.message.cost() + new.message.cost();
        *old = new;
        Ok(())
    }
}

#[derive(Debug)]
struct Queued {
    message: Outgoing,
    key: Option<u64>,
}

impl Outbox {
    pub(crate) fn new(config: &Config) -> Outbox {
        Outbox {
            wire: Wire::default(),
            queue: None,
            pong: None,
            close: None,
            max_queue: config.max_queue,
            overflow: config.overflow,
            dropped: 0,
            busy: false,
        }
    }

    /// The bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.wire.len() + self.queue.as_ref().map_or(0, |queue| queue.cost)
    }

    /// Whether there is nothing to do.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        !self.busy
    }

    /// Notes what was written, and says whether that was all.
    #[inline]
    pub(crate) fn settle(&mut self) -> bool {
        self.busy = !(self.wire.is_idle()
            && self.queue.is_none()
            && self.pong.is_none()
            && self.close.is_none());
        !self.busy
    }

    /// The messages that found no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether so little waits that a sender who can wait need not.
    pub(crate) fn has_room(&self) -> bool {
        self.len() <= COMMIT.min(self.max_queue / 2)
    }

    pub(crate) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Adds a message whose sender has waited for room.
    #[inline]
    pub(crate) fn push(&mut self, message: Outgoing, protocol: &mut Protocol) -> Result<(), Error> {
        self.enqueue(Queued { message, key: None }, protocol)
    }

    /// Adds a message whose sender cannot wait; the policy decides what happens without room.
    pub(crate) fn try_push(
        &mut self,
        message: Outgoing,
        key: Option<u64>,
        protocol: &mut Protocol,
    ) -> Result<(), Error> {
        let cost = message.cost();
        let mut new = Queued { message, key };
        if self.overflow == Overflow::KeepLatest
            && key.is_some()
            && let Some(queue) = &mut self.queue
        {
            match queue.replace(new) {
                Ok(()) => {
                    self.dropped += 1;
                    return self.check_total();
                }
                Err(back) => new = back,
            }
        }
        let fits = |outbox: &Outbox| {
            outbox.len() == 0 || outbox.len().saturating_add(cost) <= outbox.max_queue
        };
        if self.overflow == Overflow::DropOldest {
            while !fits(self) && self.pop().is_some() {
                self.dropped += 1;
            }
        }
        match (fits(self), self.overflow) {
            (true, _) => self.enqueue(new, protocol),
            (false, Overflow::DropNewest | Overflow::DropOldest) => {
                self.dropped += 1;
                Ok(())
            }
            (false, Overflow::Close | Overflow::KeepLatest) => Err(Error::Overflow),
        }
    }

    fn check_total(&self) -> Result<(), Error> {
        if self.len() > self.max_queue { Err(Error::Overflow) } else { Ok(()) }
    }

    /// Writes a message at once, where nothing is before it; what the I/O does not take of it is
    /// kept.
    #[inline]
    pub(crate) fn poll_write_through(
        &mut self,
        message: &Message,
        protocol: &mut Protocol,
        io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let result = self.wire.poll_write_through(io, cx, |out| protocol.send(message, out))?;
        self.busy = !matches!(result, Poll::Ready(Ok(())));
        result.map_err(Error::Io)
    }

    #[inline]
    fn enqueue(&mut self, new: Queued, protocol: &mut Protocol) -> Result<(), Error> {
        self.busy = true;
        if self.queue.is_none() && self.wire.len() < COMMIT {
            return encode(new.message, protocol, &mut self.wire);
        }
        self.queue.get_or_insert_default().push(new);
        Ok(())
    }

    /// Takes the oldest message, and gives the queue's memory back with the last.
    fn pop(&mut self) -> Option<Queued> {
        let queue = self.queue.as_mut()?;
        let oldest = queue.pop();
        if queue.messages.is_empty() {
            self.queue = None;
        }
        oldest
    }

    pub(crate) fn ping(&mut self, payload: &[u8], protocol: &mut Protocol) -> Result<(), Error> {
        self.busy = true;
        protocol.ping(payload, self.wire.tail())
    }

    pub(crate) fn pong(&mut self, payload: Bytes, protocol: &mut Protocol) -> Result<(), Error> {
        if protocol.is_close_sent() {
            return Err(Error::Closed);
        }
        self.busy = true;
        if self.wire.len() < COMMIT {
            protocol.pong(&payload, self.wire.tail())
        } else {
            self.pong = Some(Box::new(payload));
            Ok(())
        }
    }

    /// Ends it with a close frame, behind what is queued.
    pub(crate) fn close(&mut self, frame: Option<CloseFrame>) {
        self.busy = true;
        self.close.get_or_insert_with(|| Box::new(frame));
    }

    /// Throws away what is not encoded yet.
    pub(crate) fn clear(&mut self) {
        self.queue = None;
        self.pong = None;
    }

    /// Throws away everything: nothing can be written any more.
    pub(crate) fn abandon(&mut self) {
        self.clear();
        self.wire = Wire::default();
    }

    /// Encodes as much as the I/O should have before it.
    #[inline]
    pub(crate) fn commit(&mut self, protocol: &mut Protocol) -> Result<(), Error> {
        if self.queue.is_none() && self.pong.is_none() && self.close.is_none() {
            return Ok(());
        }
        self.commit_queued(protocol)
    }

    #[cold]
    fn commit_queued(&mut self, protocol: &mut Protocol) -> Result<(), Error> {
        while self.wire.len() < COMMIT {
            if let Some(payload) = self.pong.take() {
                protocol.pong(&payload, self.wire.tail())?;
            } else if let Some(next) = self.pop() {
                encode(next.message, protocol, &mut self.wire)?;
            } else {
                if let Some(frame) = self.close.take()
                    && !protocol.is_close_sent()
                {
                    protocol.close(frame.as_ref().as_ref(), self.wire.tail())?;
                }
                break;
            }
        }
        Ok(())
    }
}

/// Appends the frame of a message.
#[inline]
fn encode(message: Outgoing, protocol: &mut Protocol, wire: &mut Wire) -> Result<(), Error> {
    match message {
        Outgoing::Message(message) if message.len() < SMALL => protocol.send(&message, wire.tail()),
        message => encode_shared(message, protocol, wire),
    }
}

/// Appends a frame whose payload is not copied, if that can be helped.
fn encode_shared(message: Outgoing, protocol: &mut Protocol, wire: &mut Wire) -> Result<(), Error> {
    if protocol.is_close_sent() {
        return Err(Error::Closed);
    }
    let masks = protocol.role() == Role::Client;
    let message = match message {
        Outgoing::Message(message) => message,
        Outgoing::Prepared(prepared) => {
            let frame = prepared.frame(protocol.codec());
            if !masks {
                wire.push(frame.bytes.clone());
                return Ok(());
            }
            let opcode = prepared.opcode();
            return protocol.write(opcode, frame.is_compressed, frame.payload(), wire.tail());
        }
    };
    if masks {
        return protocol.send(&message, wire.tail());
    }
    let opcode = opcode_of(&message);
    let compressed = protocol.compress(message.as_bytes());
    let is_compressed = compressed.is_some();
    let payload = compressed.map_or_else(|| message.into_bytes(), Bytes::from);
    write_head(opcode, is_compressed, None, payload.len(), wire.tail());
    wire.push(payload);
    Ok(())
}
