//! Answers in gzip, deflate, brotli and zstd.

#[cfg(feature = "brotli")]
mod brotli;
mod coding;
#[cfg(feature = "gzip")]
mod inflate;
mod pipeline;
#[cfg(feature = "zstd")]
mod zstd;

pub(crate) use coding::ACCEPTED;

use crate::error::{Failure, Undecodable};
use crate::options::Rules;
use coding::codings;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use landspout_handler::{Body, BodyError};
use pipeline::{Pipeline, Stage};

/// Decompresses a body whose head says that it is in [`ACCEPTED`] codings, and takes the headers
/// away that tell of the compressed bytes. Any other body stays as it is.
pub(crate) fn decompress(
    headers: &mut HeaderMap,
    body: Body,
    rules: &Rules,
) -> Result<Body, Failure> {
    let codings = match codings(headers) {
        Ok(codings) if codings.is_empty() => return Ok(body),
        Ok(codings) => codings,
        Err(error) => return Err(Failure::of_body(BodyError::malformed(error), rules.timeout)),
    };
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    // RFC 9110 §8.4: they are listed in the order in which they were applied.
    let stages = codings.into_iter().rev().map(Stage::new).collect();
    let pipeline = Pipeline::new(body, stages, rules.max_compression_ratio);
    Ok(Body::wrap(pipeline).limit(rules.max_body_size))
}

/// What a decoder did with its input.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// Bytes of the input that it took.
    taken: usize,
    /// Bytes of the output that it made.
    made: usize,
    /// Whether it holds output back, because there was no room.
    has_more: bool,
}

#[cfg(any(feature = "gzip", feature = "brotli", feature = "zstd"))]
fn malformed(what: &'static str) -> BodyError {
    BodyError::malformed(Undecodable::Broken(what))
}

fn too_well_compressed(ratio: u32) -> BodyError {
    BodyError::malformed(Undecodable::Ratio(ratio))
}
