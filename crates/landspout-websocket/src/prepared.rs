//! A message for many connections.

use crate::deflate::{Codec, Shared};
use crate::frame::Opcode;
use crate::message::Message;
use crate::protocol::{opcode_of, write_head};
use bytes::Bytes;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A message that is encoded once, compressed at most once for each size of window, and shared
/// by all the connections that it is sent on.
///
/// Each connection sends the form that it agreed on. One that keeps its compression context
/// sends the plain form: the compressed one would not fit what its other side remembers
/// (RFC 7692 §7.1.1.1). A client masks its frames, so it shares the compressed bytes but copies
/// them.
///
/// Cloning it copies nothing.
///
/// ```
/// use landspout_websocket::PreparedMessage;
///
/// let news = PreparedMessage::new("to whom it may concern");
/// assert_eq!(news.payload().len(), 22);
/// ```
#[derive(Clone)]
pub struct PreparedMessage(Arc<Forms>);

struct Forms {
    opcode: Opcode,
    plain: Frame,
    /// For windows of 9 to 15 bits; `None` where compression did not help. The settings of the
    /// first connection that asks decide the level.
    compressed: [OnceLock<Option<Frame>>; 7],
}

/// A frame without a mask.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    head: usize,
    pub(crate) is_compressed: bool,
}

impl Frame {
    fn new(opcode: Opcode, is_compressed: bool, payload: &[u8]) -> Frame {
        let mut bytes = Vec::with_capacity(10 + payload.len());
        write_head(opcode, is_compressed, None, payload.len(), &mut bytes);
        let head = bytes.len();
        bytes.extend_from_slice(payload);
        Frame { bytes: Bytes::from(bytes), head, is_compressed }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[self.head..]
    }
}

impl PreparedMessage {
    /// Encodes the message; it is compressed when a connection first needs it so.
    pub fn new(message: impl Into<Message>) -> PreparedMessage {
        let message = message.into();
        let opcode = opcode_of(&message);
        PreparedMessage(Arc::new(Forms {
            opcode,
            plain: Frame::new(opcode, false, message.as_bytes()),
            compressed: Default::default(),
        }))
    }

    /// The message's bytes.
    pub fn payload(&self) -> &[u8] {
        self.0.plain.payload()
    }

    pub(crate) fn opcode(&self) -> Opcode {
        self.0.opcode
    }

    /// The form for a connection.
    pub(crate) fn frame(&self, codec: Option<&Codec>) -> &Frame {
        codec
            .and_then(|codec| codec.shared(self.payload().len()))
            .and_then(|shared| self.compressed(shared))
            .unwrap_or(&self.0.plain)
    }

    fn compressed(&self, shared: Shared) -> Option<&Frame> {
        let form = self.0.compressed.get(usize::from(shared.window_bits()).checked_sub(9)?)?;
        form.get_or_init(|| {
            let payload = shared.deflate(self.payload())?;
            Some(Frame::new(self.0.opcode, true, &payload))
        })
        .as_ref()
    }
}

impl fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedMessage")
            .field("opcode", &self.0.opcode)
            .field("len", &self.payload().len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "deflate"))]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::PreparedMessage;
    use crate::handshake::{Offer, Opening};
    use crate::{Config, DeflateConfig, Protocol};
    use http::{Method, Version};

    fn protocol(deflate: Option<DeflateConfig>) -> Protocol {
        let config = deflate.into_iter().fold(Config::default(), Config::deflate);
        let headers = Opening::new(&config).headers();
        let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
        Protocol::new(offer.accept(&config).unwrap().agreement, &config)
    }

    #[test]
    fn all_connections_that_agreed_on_the_same_share_the_same_bytes() {
        let message = PreparedMessage::new("a price, ".repeat(100));
        let kinds = [None, Some(DeflateConfig::default()), Some(DeflateConfig::default().level(1))];
        let places = kinds.map(|kind| {
            let place = |protocol: Protocol| message.frame(protocol.codec()).bytes.as_ptr();
            let first = place(protocol(kind.clone()));
            assert!((0..10).all(|_| place(protocol(kind.clone())) == first));
            first
        });
        // Compressed once for a size of window, whatever the level that is asked for later.
        assert!(places[0] != places[1] && places[1] == places[2]);
    }
}
