//! The protocol as a state machine: bytes in, events out; messages in, bytes out.

use crate::agreement::Agreement;
use crate::assembly::{Kind, Limits, Partial};
use crate::close::CloseFrame;
use crate::config::Config;
use crate::deflate::Codec;
use crate::error::{Error, ProtocolError};
use crate::frame::{Head, MAX_HEAD, Opcode, SimpleHead};
use crate::mask::{self, Key};
use crate::message::Message;
use crate::role::Role;
use crate::text;
use bytes::Bytes;

/// What arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// A ping, to be answered by a pong with the same bytes; at most 125.
    Ping(Bytes),
    /// A pong, asked for or not; at most 125 bytes.
    Pong(Bytes),
    /// A close frame, with a code or without, to be answered by one if none was sent before.
    /// Nothing comes after it.
    Close(Option<CloseFrame>),
}

/// What [`Protocol::receive`] made of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// How many of the bytes were used up: all, unless there is an event.
    pub used: usize,
    /// The first event in them.
    pub event: Option<Event>,
}

/// One side of a connection without the connection: it reads no socket and no clock.
///
/// ```
/// use landspout_websocket::{Agreement, Config, Event, Message, Protocol, Role};
///
/// let mut client = Protocol::new(Agreement::plain(Role::Client), &Config::default());
/// let mut server = Protocol::new(Agreement::plain(Role::Server), &Config::default());
///
/// let mut bytes = Vec::new();
/// client.send(&Message::from("hello"), &mut bytes)?;
/// client.ping(b"still there?", &mut bytes)?;
///
/// let mut events = Vec::new();
/// let mut rest = &mut bytes[..];
/// while !rest.is_empty() {
///     let received = server.receive(rest)?;
///     rest = &mut rest[received.used..];
///     events.extend(received.event);
/// }
/// assert_eq!(events[0], Event::Message(Message::from("hello")));
/// assert_eq!(events[1], Event::Ping(b"still there?"[..].into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Memory
///
/// It keeps what has arrived of an unfinished message, and nothing for what was only announced.
#[derive(Debug)]
pub struct Protocol {
    role: Role,
    limits: Limits,
    codec: Option<Box<Codec>>,
    /// The bytes of an unfinished head.
    head: [u8; MAX_HEAD],
    head_len: u8,
    frame: Option<Frame>,
    /// The payload of an unfinished control frame.
    #[expect(clippy::box_collection, reason = "few connections have one")]
    control: Option<Box<Vec<u8>>>,
    /// The message whose last fragment has not ended.
    message: Option<Box<Partial>>,
    /// A close frame or an error came: what follows is ignored.
    ended: bool,
    /// What comes next is not the head of a message's first frame, or is ignored.
    is_amid: bool,
    close_sent: bool,
}

/// A frame whose payload has not ended.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    compressed: bool,
    key: Option<Key>,
    remaining: usize,
}

impl Protocol {
    /// The state at the end of a handshake. Of the config the limits of what is received count.
    pub fn new(agreement: Agreement, config: &Config) -> Protocol {
        Protocol {
            role: agreement.role,
            limits: Limits::new(config),
            codec: agreement.deflate.map(Codec::new).map(Box::new),
            head: [0; MAX_HEAD],
            head_len: 0,
            frame: None,
            control: None,
            message: None,
            ended: false,
            is_amid: false,
            close_sent: false,
        }
    }

    /// The side that this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether a close frame was sent.
    pub fn is_close_sent(&self) -> bool {
        self.close_sent
    }

    /// Takes bytes that arrived, until there is an event or no byte is left. They are unmasked
    /// in place.
    ///
    /// # Errors
    ///
    /// The other side broke the protocol or a limit. Say so with
    /// [`close_code`](ProtocolError::close_code) and read no further: all bytes are ignored
    /// from now on, as they are after a close frame.
    pub fn receive(&mut self, bytes: &mut [u8]) -> Result<Received, ProtocolError> {
        match self.whole(bytes) {
            Some((message, used)) => Ok(Received { used, event: Some(Event::Message(message)) }),
            None => self.receive_any(bytes),
        }
    }

    /// A message that is all here, in one plain frame, as most are, and where it ends. For
    /// everything else there is the long way, and for what is wrong.
    #[inline(always)]
    pub(crate) fn whole(&mut self, bytes: &mut [u8]) -> Option<(Message, usize)> {
        if self.is_amid {
            return None;
        }
        let SimpleHead { is_text, key, begin, len } = SimpleHead::parse(bytes, self.role)?;
        if len > self.limits.least {
            return None;
        }
        let payload = bytes.get_mut(begin..)?.get_mut(..len)?;
        if let Some(key) = key {
            mask::apply(payload, key);
        }
        let message = match is_text {
            true => text::whole(payload).map(Message::Text),
            false => Ok(Message::Binary(Bytes::copy_from_slice(payload))),
        };
        match (message, key) {
            (Ok(message), _) => Some((message, begin + len)),
            // Masked once more it is as it came.
            (Err(_), Some(key)) => {
                mask::apply(payload, key);
                None
            }
            (Err(_), None) => None,
        }
    }

    /// Takes bytes that are not just a message.
    #[inline(never)]
    pub(crate) fn receive_any(&mut self, bytes: &mut [u8]) -> Result<Received, ProtocolError> {
        let mut used = 0;
        let result = self.advance(bytes, &mut used);
        let closes = matches!(result, Ok(Some(Event::Close(_))) | Err(_));
        if closes {
            self.ended = true;
            self.message = None;
        }
        self.is_amid =
            self.frame.is_some() || self.head_len > 0 || self.message.is_some() || self.ended;
        result.map(|event| Received { used, event })
    }

    fn advance(
        &mut self,
        bytes: &mut [u8],
        used: &mut usize,
    ) -> Result<Option<Event>, ProtocolError> {
        if self.ended {
            *used = bytes.len();
            return Ok(None);
        }
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.read_head(&bytes[*used..], used)? {
                    Some(head) => self.begin(head)?,
                    None => return Ok(None),
                },
            };
            let len = frame.remaining.min(bytes.len() - *used);
            let piece = &mut bytes[*used..*used + len];
            *used += len;
            if let Some(key) = frame.key {
                mask::apply(piece, key);
            }
            frame.remaining -= len;
            if frame.remaining > 0 {
                frame.key = frame.key.map(|key| mask::rotated(key, len));
                self.frame = Some(frame);
            }
            let event = if frame.opcode.is_control() {
                self.control(frame, piece)?
            } else {
                self.data(frame, piece)?
            };
            if event.is_some() || frame.remaining > 0 {
                return Ok(event);
            }
        }
    }

    /// Reads a head, whose first bytes may have come earlier.
    fn read_head(&mut self, bytes: &[u8], used: &mut usize) -> Result<Option<Head>, ProtocolError> {
        let (role, rsv1) = (self.role, self.codec.is_some());
        let kept = usize::from(self.head_len);
        if kept == 0
            && let Some((head, len)) = Head::parse(bytes, role, rsv1)?
        {
            *used += len;
            return Ok(Some(head));
        }
        let len = bytes.len().min(MAX_HEAD - kept);
        self.head[kept..kept + len].copy_from_slice(&bytes[..len]);
        match Head::parse(&self.head[..kept + len], role, rsv1)? {
            Some((head, end)) => {
                *used += end - kept;
                self.head_len = 0;
                Ok(Some(head))
            }
            None => {
                *used += len;
                self.head_len = (kept + len) as u8;
                Ok(None)
            }
        }
    }

    /// Checks a head against what came before it and against the limits.
    fn begin(&mut self, head: Head) -> Result<Frame, ProtocolError> {
        // RFC 6455 §5.4: fragments of one message are not mixed with those of another.
        match (head.opcode, &self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolError::Continuation),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(ProtocolError::Interleaved),
            _ => {}
        }
        let mut remaining = 0;
        if !head.opcode.is_control() {
            let arrived = self.message.as_ref().map_or(0, |message| message.arrived());
            remaining = self.limits.admit(head.len, arrived)?;
            if let Some(message) = &mut self.message {
                message.count_fragment(self.limits)?;
            }
        } else if let Ok(len) = usize::try_from(head.len) {
            remaining = len;
        }
        let Head { opcode, fin, rsv1: compressed, key, .. } = head;
        Ok(Frame { opcode, fin, compressed, key, remaining })
    }

    /// A piece of a control frame; `frame` tells what is to come after it.
    fn control(&mut self, frame: Frame, piece: &[u8]) -> Result<Option<Event>, ProtocolError> {
        if frame.remaining > 0 {
            self.control.get_or_insert_default().extend_from_slice(piece);
            return Ok(None);
        }
        let payload = match self.control.take() {
            None => Bytes::copy_from_slice(piece),
            Some(mut begun) => {
                begun.extend_from_slice(piece);
                Bytes::from(*begun)
            }
        };
        Ok(Some(match frame.opcode {
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            _ => Event::Close(CloseFrame::parse(&payload)?),
        }))
    }

    /// A piece of a data frame; `frame` tells what is to come after it.
    fn data(&mut self, frame: Frame, piece: &[u8]) -> Result<Option<Event>, ProtocolError> {
        let kind = Kind { text: frame.opcode == Opcode::Text, compressed: frame.compressed };
        let last = frame.fin && frame.remaining == 0;
        if last && self.message.is_none() {
            let message = kind.whole(piece, self.codec.as_deref_mut(), self.limits)?;
            return Ok(Some(Event::Message(message)));
        }
        let partial = self.message.get_or_insert_with(|| Box::new(Partial::new(kind)));
        partial.push(piece)?;
        if !last {
            return Ok(None);
        }
        let Some(partial) = self.message.take() else { return Ok(None) };
        Ok(Some(Event::Message(partial.finish(self.codec.as_deref_mut(), self.limits)?)))
    }

    /// Appends a message to the bytes to be written, compressed where that was agreed on and
    /// helps.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] after a close frame was sent.
    #[inline(always)]
    pub fn send(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), Error> {
        let (opcode, payload) = match message {
            Message::Text(text) => (Opcode::Text, text.as_bytes()),
            Message::Binary(bytes) => (Opcode::Binary, &bytes[..]),
        };
        if self.codec.is_some()
            && let Some(compressed) = self.compress(payload)
        {
            return self.write(opcode, true, &compressed, out);
        }
        self.append(opcode, false, payload, out)
    }

    /// Appends a ping to the bytes to be written.
    ///
    /// # Errors
    ///
    /// [`Error::ControlTooLong`] for more than 125 bytes; [`Error::Closed`] after a close frame
    /// was sent.
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        check_control(payload)?;
        self.write(Opcode::Ping, false, payload, out)
    }

    /// Appends a pong to the bytes to be written.
    ///
    /// # Errors
    ///
    /// [`Error::ControlTooLong`] for more than 125 bytes; [`Error::Closed`] after a close frame
    /// was sent.
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        check_control(payload)?;
        self.write(Opcode::Pong, false, payload, out)
    }

    /// Appends a close frame to the bytes to be written: the last of this side's frames.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if one was sent before.
    pub fn close(&mut self, frame: Option<&CloseFrame>, out: &mut Vec<u8>) -> Result<(), Error> {
        let payload = frame.map_or_else(Vec::new, CloseFrame::to_payload);
        self.write(Opcode::Close, false, &payload, out)?;
        self.close_sent = true;
        Ok(())
    }

    /// The compressed form, if compression was agreed on and helps.
    pub(crate) fn compress(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        self.codec.as_deref_mut()?.deflate(payload)
    }

    /// What decides which of a prepared message's frames fits this connection.
    pub(crate) fn codec(&self) -> Option<&Codec> {
        self.codec.as_deref()
    }

    /// Appends a frame with its payload.
    pub(crate) fn write(
        &mut self,
        opcode: Opcode,
        compressed: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.append(opcode, compressed, payload, out)
    }

    /// The same as a part of [`send`](Protocol::send), which most messages go through.
    #[inline(always)]
    fn append(
        &mut self,
        opcode: Opcode,
        compressed: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.close_sent {
            return Err(Error::Closed);
        }
        let key = (self.role == Role::Client).then(mask::key);
        out.reserve(MAX_HEAD + payload.len());
        write_head(opcode, compressed, key, payload.len(), out);
        let begin = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(&mut out[begin..], key);
        }
        Ok(())
    }
}

/// Appends the head of an unfragmented frame.
#[inline(always)]
pub(crate) fn write_head(
    opcode: Opcode,
    compressed: bool,
    key: Option<Key>,
    len: usize,
    out: &mut Vec<u8>,
) {
    Head { opcode, fin: true, rsv1: compressed, key, len: len as u64 }.write(out);
}

pub(crate) fn opcode_of(message: &Message) -> Opcode {
    match message {
        Message::Text(_) => Opcode::Text,
        Message::Binary(_) => Opcode::Binary,
    }
}

/// RFC 6455 §5.5: the payload of a control frame has at most 125 bytes.
pub(crate) fn check_control(payload: &[u8]) -> Result<(), Error> {
    if payload.len() > 125 { Err(Error::ControlTooLong) } else { Ok(()) }
}
