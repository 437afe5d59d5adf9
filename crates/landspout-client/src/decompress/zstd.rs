//! zstd.

use super::{Progress, malformed};
use landspout_handler::BodyError;
use std::fmt;
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// The base 2 logarithm of the largest window: 8 MiB, which is what a server may use (RFC 9659 §3).
const WINDOW_LOG_MAX: u32 = 23;

/// Decodes zstd (RFC 8878).
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// Whether the input ended with a frame's end.
    between_frames: bool,
}

impl Zstd {
    pub(super) fn new() -> Result<Zstd, BodyError> {
        let mut decoder = Decoder::new().map_err(BodyError::other)?;
        decoder
            .set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))
            .map_err(BodyError::other)?;
        Ok(Zstd { decoder, between_frames: true })
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, BodyError> {
        let status = self
            .decoder
            .run_on_buffers(input, output)
            .map_err(|_| malformed("the compressed bytes are not valid"))?;
        self.between_frames = status.remaining == 0;
        let made = status.bytes_written;
        let has_more = made == output.len() && !self.between_frames;
        Ok(Progress { taken: status.bytes_read, made, has_more })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.between_frames
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("between_frames", &self.between_frames).finish_non_exhaustive()
    }
}
