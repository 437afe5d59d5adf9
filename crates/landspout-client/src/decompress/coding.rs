//! The names of codings, and what decodes each.

#[cfg(feature = "brotli")]
use super::brotli::Brotli;
#[cfg(feature = "gzip")]
use super::inflate::Inflate;
#[cfg(feature = "zstd")]
use super::zstd::Zstd;
use super::{Progress, Undecodable};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use landspout_handler::BodyError;

/// The value of `Accept-Encoding`: what this build can decode.
pub(crate) const ACCEPTED: Option<&str> =
    match (cfg!(feature = "gzip"), cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
        (true, true, true) => Some("gzip, deflate, br, zstd"),
        (true, true, false) => Some("gzip, deflate, br"),
        (true, false, true) => Some("gzip, deflate, zstd"),
        (true, false, false) => Some("gzip, deflate"),
        (false, true, true) => Some("br, zstd"),
        (false, true, false) => Some("br"),
        (false, false, true) => Some("zstd"),
        (false, false, false) => None,
    };

/// Codings that one answer may have, one upon the other. Servers apply one, seldom two; each costs
/// memory and time.
const MAX_CODINGS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    #[cfg(feature = "gzip")]
    Gzip,
    #[cfg(feature = "gzip")]
    Deflate,
    #[cfg(feature = "brotli")]
    Brotli,
    #[cfg(feature = "zstd")]
    Zstd,
}

/// The codings of a body, in the order in which they were applied. There are none if one of them is
/// not known, because nothing can be decoded then.
pub(super) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Undecodable> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let Ok(value) = value.to_str() else { return Ok(Vec::new()) };
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let Some(coding) = Coding::named(name) else { return Ok(Vec::new()) };
            codings.push(coding);
            if codings.len() > MAX_CODINGS {
                return Err(Undecodable::Broken("it has more than 4 codings, one upon the other"));
            }
        }
    }
    Ok(codings)
}

impl Coding {
    /// RFC 9110 §8.4.1: names of codings are case-insensitive, and x-gzip is gzip.
    fn named(name: &str) -> Option<Coding> {
        match name.to_ascii_lowercase().as_str() {
            #[cfg(feature = "gzip")]
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            #[cfg(feature = "gzip")]
            "deflate" => Some(Coding::Deflate),
            #[cfg(feature = "brotli")]
            "br" => Some(Coding::Brotli),
            #[cfg(feature = "zstd")]
            "zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }
}

/// Decodes one coding as the bytes come.
#[derive(Debug)]
pub(super) enum Decoder {
    #[cfg(feature = "gzip")]
    Inflate(Inflate),
    #[cfg(feature = "brotli")]
    Brotli(Brotli),
    #[cfg(feature = "zstd")]
    Zstd(Zstd),
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Result<Decoder, BodyError> {
        match coding {
            #[cfg(feature = "gzip")]
            Coding::Gzip => Ok(Decoder::Inflate(Inflate::gzip())),
            #[cfg(feature = "gzip")]
            Coding::Deflate => Ok(Decoder::Inflate(Inflate::deflate())),
            #[cfg(feature = "brotli")]
            Coding::Brotli => Ok(Decoder::Brotli(Brotli::new())),
            #[cfg(feature = "zstd")]
            Coding::Zstd => Zstd::new().map(Decoder::Zstd),
        }
    }

    /// Takes from `input`, and writes to `output`, which has room.
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, BodyError> {
        match self {
            #[cfg(feature = "gzip")]
            Decoder::Inflate(decoder) => decoder.decode(input, output),
            #[cfg(feature = "brotli")]
            Decoder::Brotli(decoder) => decoder.decode(input, output),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(decoder) => decoder.decode(input, output),
            #[cfg(not(any(feature = "gzip", feature = "brotli", feature = "zstd")))]
            _ => unreachable!("there is no decoder: {} and {}", input.len(), output.len()),
        }
    }

    /// Whether the stream may end here.
    pub(super) fn is_finished(&self) -> bool {
        match self {
            #[cfg(feature = "gzip")]
            Decoder::Inflate(decoder) => decoder.is_finished(),
            #[cfg(feature = "brotli")]
            Decoder::Brotli(decoder) => decoder.is_finished(),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(decoder) => decoder.is_finished(),
            #[cfg(not(any(feature = "gzip", feature = "brotli", feature = "zstd")))]
            _ => true,
        }
    }
}
