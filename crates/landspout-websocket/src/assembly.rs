//! A message that is put together from what arrives of it.

use crate::config::Config;
use crate::deflate::Codec;
use crate::error::ProtocolError;
use crate::message::Message;
use crate::text::{self, TextBuilder};
use bytes::Bytes;

/// The limits of what is received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    frame: usize,
    pub(crate) message: usize,
    fragments: usize,
    /// A frame and a message of so many bytes break no limit.
    pub(crate) least: usize,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Limits {
        Limits {
            frame: config.max_frame,
            message: config.max_message,
            fragments: config.max_fragments,
            least: config.max_frame.min(config.max_message),
        }
    }

    /// Judges a frame by the length that its head announces: what is too long is refused
    /// before it arrives, and what is not refused gets no memory before it arrives.
    pub(crate) fn admit(self, announced: u64, arrived: usize) -> Result<usize, ProtocolError> {
        let len = usize::try_from(announced)
            .ok()
            .filter(|len| *len <= self.frame)
            .ok_or(ProtocolError::FrameTooBig(announced))?;
        match arrived.checked_add(len) {
            Some(total) if total <= self.message => Ok(len),
            _ => Err(ProtocolError::MessageTooBig),
        }
    }
}

/// What the first frame of a message says about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) text: bool,
    pub(crate) compressed: bool,
}

impl Kind {
    /// The message, if all of it is there at once.
    pub(crate) fn whole(
        self,
        payload: &[u8],
        codec: Option<&mut Codec>,
        limits: Limits,
    ) -> Result<Message, ProtocolError> {
        match (self.compressed, codec) {
            (true, Some(codec)) if self.text => {
                let mut text = TextBuilder::default();
                codec.inflate(payload, |piece| {
                    match text.len() + piece.len() > limits.message {
                        true => Err(ProtocolError::MessageTooBig),
                        false => text.push(piece),
                    }
                })?;
                Ok(Message::Text(text.finish()?))
            }
            (true, Some(codec)) => {
                let mut bytes = Vec::new();
                codec.inflate(payload, |piece| {
                    match bytes.len() + piece.len() > limits.message {
                        true => Err(ProtocolError::MessageTooBig),
                        false => {
                            bytes.extend_from_slice(piece);
                            Ok(())
                        }
                    }
                })?;
                Ok(Message::Binary(Bytes::from(bytes)))
            }
            // A frame's reserved bit was refused already if nothing was agreed on.
            _ if self.text => text::whole(payload).map(Message::Text),
            _ => Ok(Message::Binary(Bytes::copy_from_slice(payload))),
        }
    }
}

/// A message of which a part has arrived.
#[derive(Debug)]
pub(crate) struct Partial {
    kind: Kind,
    content: Content,
    fragments: usize,
}

#[derive(Debug)]
enum Content {
    Text(TextBuilder),
    /// Binary, or compressed: that is decompressed when it is whole.
    Bytes(Vec<u8>),
}

impl Partial {
    pub(crate) fn new(kind: Kind) -> Partial {
        let content = match kind {
            Kind { text: true, compressed: false } => Content::Text(TextBuilder::default()),
            _ => Content::Bytes(Vec::new()),
        };
        Partial { kind, content, fragments: 1 }
    }

    /// How many bytes have arrived.
    pub(crate) fn arrived(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }

    /// Counts one more fragment: empty ones cost no memory, but they cost time.
    pub(crate) fn count_fragment(&mut self, limits: Limits) -> Result<(), ProtocolError> {
        self.fragments += 1;
        if self.fragments > limits.fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        match &mut self.content {
            Content::Text(text) => text.push(piece),
            Content::Bytes(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    pub(crate) fn finish(
        self,
        codec: Option<&mut Codec>,
        limits: Limits,
    ) -> Result<Message, ProtocolError> {
        match self.content {
            Content::Text(text) => Ok(Message::Text(text.finish()?)),
            Content::Bytes(bytes) if self.kind.compressed => self.kind.whole(&bytes, codec, limits),
            Content::Bytes(bytes) => Ok(Message::Binary(Bytes::from(bytes))),
        }
    }
}
