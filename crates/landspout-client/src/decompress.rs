//! Answers in gzip and deflate.

use crate::error::Undecodable;
use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The value of `Accept-Encoding`.
pub(crate) const ACCEPTED: Option<&str> = Some("gzip, deflate");

/// Bytes that are decompressed at a time, however well they were compressed: the reader has taken
/// these before there are more.
const PIECE: usize = 16 * 1024;

/// The largest window, which any stream can be read with.
const WINDOW_BITS: u8 = 15;

/// Decompresses a body whose head says that it is in one of the [`ACCEPTED`] codings, and takes the
/// headers away that tell of the compressed bytes. Any other body stays as it is. `limit` is for the
/// decompressed bytes.
pub(crate) fn decompress(headers: &mut HeaderMap, body: Body, limit: u64) -> Body {
    let Some(coding) = coding(headers) else { return body };
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    let decoder = Decoder { coding, inflate: None, began: false, has_more: false };
    Body::wrap(Decompressed { body, decoder, input: Bytes::new(), done: false }).limit(limit)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
}

/// The coding of a body, if there is one that is known and no other beside it.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    // RFC 9110 §8.4.1: names of codings are case-insensitive, and x-gzip is gzip.
    match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Some(Coding::Gzip),
        "deflate" => Some(Coding::Deflate),
        _ => None,
    }
}

/// Decompresses bytes as they come.
#[derive(Debug)]
struct Decoder {
    coding: Coding,
    /// The member that is being read; `None` before the first and between two.
    inflate: Option<Decompress>,
    /// Whether there was a first member.
    began: bool,
    /// Whether the member holds output back, because the last piece was full.
    has_more: bool,
}

impl Decoder {
    /// Takes from `input` what makes one piece at most. Without output, all of it was taken.
    fn decode(&mut self, input: &mut Bytes) -> Result<Vec<u8>, BodyError> {
        let mut output = Vec::with_capacity(if self.has_work(input) { PIECE } else { 0 });
        while output.len() < output.capacity() && self.has_work(input) {
            let inflate = match &mut self.inflate {
                Some(inflate) => inflate,
                None => self.inflate.insert(next_member(self.coding, self.began, input)?),
            };
            self.began = true;
            let before = inflate.total_in();
            let status = inflate
                .decompress_vec(input, &mut output, FlushDecompress::None)
                .map_err(|_| malformed("the compressed bytes are not valid"))?;
            let taken = usize::try_from(inflate.total_in() - before);
            input.advance(taken.expect("no more is taken than there was"));
            self.has_more = status != Status::StreamEnd && output.len() == output.capacity();
            if status == Status::StreamEnd {
                self.inflate = None;
            } else if status == Status::BufError && !self.has_more && !input.is_empty() {
                return Err(malformed("the compressed bytes lead nowhere"));
            }
        }
        Ok(output)
    }

    fn has_work(&self, input: &Bytes) -> bool {
        self.has_more || !input.is_empty()
    }

    /// Checks that the end of the input is the end of the stream. No byte at all is no stream, and
    /// what some servers send for an empty body.
    fn finish(&self) -> Result<(), BodyError> {
        match self.inflate {
            Some(_) => Err(malformed("the compressed bytes end too soon")),
            None => Ok(()),
        }
    }
}

/// Begins what the next byte belongs to: a gzip stream is any number of members (RFC 1952 §2.2), a
/// deflate stream is one.
fn next_member(coding: Coding, began: bool, input: &Bytes) -> Result<Decompress, BodyError> {
    match coding {
        Coding::Gzip => Ok(Decompress::new_gzip(WINDOW_BITS)),
        Coding::Deflate if began => Err(malformed("there is more after the compressed bytes")),
        // RFC 9110 §8.4.1.2: deflate has a zlib header, and some send it without. The header begins
        // with an 8 in its lower half (RFC 1950 §2.2); no deflate encoder begins a block so.
        Coding::Deflate => Ok(Decompress::new(input.first().is_some_and(|byte| byte & 15 == 8))),
    }
}

fn malformed(what: &'static str) -> BodyError {
    BodyError::malformed(Undecodable(what))
}

/// A body that is decompressed as it is read.
#[derive(Debug)]
struct Decompressed {
    body: Body,
    decoder: Decoder,
    input: Bytes,
    done: bool,
}

impl Decompressed {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, BodyError>> {
        loop {
            let output = self.decoder.decode(&mut self.input)?;
            if !output.is_empty() {
                return Poll::Ready(Ok(Some(Frame::data(output.into()))));
            }
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
            match frame.map(Frame::into_data) {
                Some(Ok(data)) => self.input = data,
                Some(Err(other)) => return Poll::Ready(Ok(Some(other))),
                None => return Poll::Ready(self.decoder.finish().map(|()| None)),
            }
        }
    }
}

impl http_body::Body for Decompressed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let frame = ready!(self.poll_next(cx));
        if !matches!(frame, Ok(Some(_))) {
            self.done = true;
            // What is left of a broken stream is of no use, and neither is its connection.
            self.body = Body::empty();
        }
        Poll::Ready(frame.transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
