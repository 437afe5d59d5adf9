//! Compressed messages: permessage-deflate (RFC 7692).

mod config;
mod contexts;
mod negotiate;
mod pool;

pub use config::DeflateConfig;
pub(crate) use negotiate::{accept, confirm, offer};

use crate::error::ProtocolError;
use contexts::Permit;
use pool::Settings;
use std::fmt;
use zlib_rs::Deflate;

/// What a handshake settled about compression.
#[derive(Debug)]
pub(crate) struct Params {
    /// How this side compresses; `None` when the other side asked for a window that is too
    /// small for the engine: not compressing is always right.
    own: Option<Settings>,
    own_takeover: bool,
    /// The other side's window in bits, if it keeps its context from message to message.
    peer_takeover: Option<u8>,
    /// Messages of fewer bytes are not compressed.
    threshold: usize,
    /// The right to keep contexts, given back when the connection is gone.
    #[expect(dead_code, reason = "it is held for its end")]
    permit: Option<Permit>,
}

/// Compresses and decompresses the messages of a connection.
pub(crate) struct Codec {
    params: Params,
    /// This side's context, from the first message on.
    context: Option<Box<Deflate>>,
    /// The last bytes that the other side's messages decompressed to: its context.
    window: Vec<u8>,
}

/// The way to compress that a connection shares with others: each message by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared(Settings);

impl Shared {
    /// The size of the window, which the frames of this way need to fit into.
    pub(crate) fn window_bits(self) -> u8 {
        self.0.window_bits
    }

    /// The compressed form, if it is smaller.
    pub(crate) fn deflate(self, payload: &[u8]) -> Option<Vec<u8>> {
        pool::deflate(self.0, payload).filter(|compressed| compressed.len() < payload.len())
    }
}

impl Codec {
    pub(crate) fn new(params: Params) -> Codec {
        Codec { params, context: None, window: Vec::new() }
    }

    /// The compressed form of a message, if the message shall be compressed.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        if let Some(shared) = self.shared(payload.len()) {
            return shared.deflate(payload);
        }
        if !self.params.own_takeover || payload.len() < self.params.threshold.max(1) {
            return None;
        }
        let settings = self.params.own?;
        let context = self.context.get_or_insert_with(|| Box::new(pool::context(settings)));
        // Once the context has seen the message, the other side's must see it too. So it is
        // sent compressed even if that is the longer form.
        let compressed = pool::deflate_with(context, payload);
        if compressed.is_none() {
            self.params.own = None;
        }
        compressed
    }

    /// The way to compress a message of this length that gives the same frame on every
    /// connection.
    ///
    /// RFC 7692 §7.1.1.1: a frame may be shared only where each message is compressed by
    /// itself. Where this side's context is taken over, the other side's window would hold
    /// bytes that this connection's compressor never saw.
    pub(crate) fn shared(&self, len: usize) -> Option<Shared> {
        if self.params.own_takeover || len < self.params.threshold.max(1) {
            return None;
        }
        self.params.own.map(Shared)
    }

    /// Decompresses a message piece by piece; the sink may refuse to take more.
    pub(crate) fn inflate(
        &mut self,
        payload: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let Some(bits) = self.params.peer_takeover else {
            return pool::inflate(payload, &mut Vec::new(), |_, piece| sink(piece));
        };
        let size = 1_usize << bits;
        pool::inflate(payload, &mut self.window, |window, piece| {
            let piece_tail = &piece[piece.len().saturating_sub(size)..];
            let excess = (window.len() + piece_tail.len()).saturating_sub(size);
            window.drain(..excess);
            window.extend_from_slice(piece_tail);
            sink(piece)
        })
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("params", &self.params).finish_non_exhaustive()
    }
}
