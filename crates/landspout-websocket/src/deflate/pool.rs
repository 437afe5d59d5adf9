//! The compressors and the decompressor that the connections of a thread share.

use crate::error::ProtocolError;
use std::cell::RefCell;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

/// What a sync flush ends with; RFC 7692 §7.2.1 removes it from each message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The bytes that one call of the engine writes at most.
const CHUNK: usize = 16 * 1024;

/// The compressors kept per thread, each of a different setting: up to 371 KiB each.
const MAX_COMPRESSORS: usize = 4;

/// What tells one compressor from another, within the ranges that the engine takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) window_bits: u8,
    pub(super) level: u8,
    pub(super) mem_level: u8,
}

struct Pool {
    compressors: Vec<(Settings, Deflate)>,
    decompressor: Inflate,
    chunk: Box<[u8]>,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::new(Pool {
        compressors: Vec::new(),
        decompressor: Inflate::new(false, 15),
        chunk: vec![0; CHUNK].into_boxed_slice(),
    });
}

/// A compressor of its own, for a connection that keeps its context.
pub(super) fn context(settings: Settings) -> Deflate {
    Deflate::new_with_config(DeflateConfig {
        // A negative size asks for bare DEFLATE, without the header of zlib.
        window_bits: -i32::from(settings.window_bits),
        level: i32::from(settings.level),
        mem_level: i32::from(settings.mem_level),
        ..DeflateConfig::default()
    })
}

/// Compresses a message by itself; `None` if the engine fails.
pub(super) fn deflate(settings: Settings, payload: &[u8]) -> Option<Vec<u8>> {
    POOL.with_borrow_mut(|pool| {
        let Pool { compressors, chunk, .. } = pool;
        let at = match compressors.iter().position(|(of, _)| *of == settings) {
            Some(at) => at,
            None => {
                compressors.truncate(MAX_COMPRESSORS - 1);
                compressors.push((settings, context(settings)));
                compressors.len() - 1
            }
        };
        // The most recently used stays longest.
        compressors.swap(0, at);
        let compressor = &mut compressors[0].1;
        compressor.reset();
        run_deflate(compressor, payload, chunk)
    })
}

/// Compresses a message after those that the compressor has seen; `None` if the engine fails.
pub(super) fn deflate_with(compressor: &mut Deflate, payload: &[u8]) -> Option<Vec<u8>> {
    POOL.with_borrow_mut(|pool| run_deflate(compressor, payload, &mut pool.chunk))
}

fn run_deflate(compressor: &mut Deflate, mut input: &[u8], chunk: &mut [u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let (read, written) = (compressor.total_in(), compressor.total_out());
        compressor.compress(input, chunk, DeflateFlush::SyncFlush).ok()?;
        input = &input[(compressor.total_in() - read) as usize..];
        let written = (compressor.total_out() - written) as usize;
        out.extend_from_slice(&chunk[..written]);
        // A call that did not fill its room has nothing left to write.
        if input.is_empty() && written < chunk.len() {
            break;
        }
    }
    let end = out.len().checked_sub(TAIL.len()).filter(|end| out[*end..] == TAIL)?;
    out.truncate(end);
    Some(out)
}

/// Decompresses a message that continues what is in the window. Each piece goes to the sink,
/// which also keeps the window up to date.
pub(super) fn inflate(
    payload: &[u8],
    window: &mut Vec<u8>,
    mut sink: impl FnMut(&mut Vec<u8>, &[u8]) -> Result<(), ProtocolError>,
) -> Result<(), ProtocolError> {
    POOL.with_borrow_mut(|pool| {
        let Pool { decompressor, chunk, .. } = pool;
        begin(decompressor, window)?;
        for mut input in [payload, &TAIL] {
            loop {
                let (read, written) = (decompressor.total_in(), decompressor.total_out());
                let status = decompressor
                    .decompress(input, chunk, InflateFlush::SyncFlush)
                    .map_err(|_| ProtocolError::Deflate)?;
                let read = (decompressor.total_in() - read) as usize;
                let written = (decompressor.total_out() - written) as usize;
                input = &input[read..];
                sink(window, &chunk[..written])?;
                if status == Status::StreamEnd {
                    // RFC 7692 §7.2.3.4: a block may say that it is the last one, and others
                    // follow it nevertheless.
                    begin(decompressor, window)?;
                } else if written < chunk.len() && (input.is_empty() || read + written == 0) {
                    break;
                }
            }
        }
        Ok(())
    })
}

fn begin(decompressor: &mut Inflate, window: &[u8]) -> Result<(), ProtocolError> {
    decompressor.reset(false);
    if !window.is_empty() {
        decompressor.set_dictionary(window).map_err(|_| ProtocolError::Deflate)?;
    }
    Ok(())
}
