//! brotli.

use super::{Progress, malformed};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use landspout_handler::BodyError;
use std::fmt;

/// Decodes brotli (RFC 7932), with windows up to 16 MiB and not the larger ones of its successors.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    began: bool,
    done: bool,
}

impl Brotli {
    pub(super) fn new() -> Brotli {
        let alloc = StandardAlloc::default;
        let state = BrotliState::new_strict(alloc(), alloc(), alloc());
        Brotli { state: Box::new(state), began: false, done: false }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, BodyError> {
        if self.done && !input.is_empty() {
            return Err(malformed("there is more after the compressed bytes"));
        }
        self.began = true;
        let (mut left, mut taken) = (input.len(), 0);
        let (mut room, mut made, mut total) = (output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            input,
            &mut room,
            &mut made,
            output,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => {
                return Err(malformed("the compressed bytes are not valid"));
            }
            BrotliResult::ResultSuccess => self.done = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        let has_more = matches!(result, BrotliResult::NeedsMoreOutput);
        Ok(Progress { taken, made, has_more })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.done || !self.began
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli").field("done", &self.done).finish_non_exhaustive()
    }
}
