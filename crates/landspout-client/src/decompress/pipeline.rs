//! A body that is decompressed as it is read.

use super::coding::{Coding, Decoder};
use super::{Undecodable, too_well_compressed};
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Bytes that are decompressed at a time, however well they were compressed: the reader has taken
/// these before there are more.
const PIECE: usize = 16 * 1024;

/// Decompressed bytes that may come of any number of compressed ones: a small body of blanks is no
/// attack.
const FREE: u64 = 1024 * 1024;

/// A compressed body, and the stages that undo its codings, the one that was applied last first.
#[derive(Debug)]
pub(super) struct Pipeline {
    body: Body,
    stages: Vec<Stage>,
    /// How many times its size the body may become; 0 is any number of times.
    max_ratio: u32,
    /// Compressed bytes that came.
    received: u64,
    /// What came after the body, and is passed on after it.
    trailers: Option<HeaderMap>,
    done: bool,
}

/// Undoes one coding.
#[derive(Debug)]
pub(super) struct Stage {
    coding: Coding,
    /// Made when the first byte is there: an empty body needs none.
    decoder: Option<Decoder>,
    input: Bytes,
    has_more: bool,
    /// Bytes that came out.
    made: u64,
}

impl Stage {
    pub(super) fn new(coding: Coding) -> Stage {
        Stage { coding, decoder: None, input: Bytes::new(), has_more: false, made: 0 }
    }

    /// A piece at most, which is empty when there is no more without more input.
    fn decode(&mut self) -> Result<Bytes, BodyError> {
        if !self.has_work() {
            return Ok(Bytes::new());
        }
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            None => self.decoder.insert(Decoder::new(self.coding)?),
        };
        let (mut piece, mut len) = (vec![0; PIECE], 0);
        while len < PIECE && (self.has_more || !self.input.is_empty()) {
            let progress = decoder.decode(&self.input, &mut piece[len..])?;
            self.input.advance(progress.taken);
            self.has_more = progress.has_more;
            len += progress.made;
        }
        piece.truncate(len);
        self.made += len as u64;
        Ok(piece.into())
    }

    fn has_work(&self) -> bool {
        self.has_more || !self.input.is_empty()
    }

    /// Checks that the end of the input is the end of the stream. No byte at all is no stream, and
    /// what some servers send for an empty body.
    fn finish(&self) -> Result<(), BodyError> {
        match &self.decoder {
            Some(decoder) if !decoder.is_finished() => {
                let error = Undecodable::Broken("the compressed bytes end too soon");
                Err(BodyError::malformed(error))
            }
            _ => Ok(()),
        }
    }
}

impl Pipeline {
    pub(super) fn new(body: Body, stages: Vec<Stage>, max_ratio: u32) -> Pipeline {
        Pipeline { body, stages, max_ratio, received: 0, trailers: None, done: false }
    }

    /// The next piece that comes out of the first `count` stages; `None` at the end.
    fn poll_stages(
        &mut self,
        count: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, BodyError>> {
        let Some(index) = count.checked_sub(1) else { return self.poll_body(cx) };
        loop {
            let piece = self.stages[index].decode()?;
            if !piece.is_empty() {
                self.check_ratio(self.stages[index].made)?;
                return Poll::Ready(Ok(Some(piece)));
            }
            match ready!(self.poll_stages(index, cx))? {
                Some(input) => self.stages[index].input = input,
                None => return Poll::Ready(self.stages[index].finish().map(|()| None)),
            }
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()? else {
                return Poll::Ready(Ok(None));
            };
            match frame.into_data() {
                Ok(data) => {
                    self.received += data.len() as u64;
                    return Poll::Ready(Ok(Some(data)));
                }
                Err(frame) => self.trailers = frame.into_trailers().ok(),
            }
        }
    }

    fn check_ratio(&self, made: u64) -> Result<(), BodyError> {
        let allowed = self.received.saturating_mul(u64::from(self.max_ratio)).max(FREE);
        match self.max_ratio {
            0 => Ok(()),
            _ if made <= allowed => Ok(()),
            ratio => Err(too_well_compressed(ratio)),
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, BodyError>> {
        let piece = ready!(self.poll_stages(self.stages.len(), cx))?;
        let trailers = || self.trailers.take().map(Frame::trailers);
        Poll::Ready(Ok(piece.map(Frame::data).or_else(trailers)))
    }
}

impl http_body::Body for Pipeline {
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

#[cfg(all(test, feature = "gzip", feature = "brotli", feature = "zstd"))]
mod tests {
    use super::super::coding::Coding;
    use super::*;
    use proptest::prelude::*;

    fn stages(which: &[usize]) -> Vec<Stage> {
        let codings = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];
        which.iter().map(|&index| Stage::new(codings[index])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever comes, it ends: with bytes or with an error.
        #[test]
        fn random_bytes_do_no_harm(
            start in prop::sample::select(vec![
                &b""[..],
                b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
                b"\x78\x9c",
                b"\x28\xb5\x2f\xfd",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            which in prop::collection::vec(0..4_usize, 1..4),
        ) {
            let whole = [start, &bytes[..]].concat();
            let pipeline = Pipeline::new(whole.clone().into(), stages(&which), 1000);
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let read = runtime.unwrap().block_on(Body::wrap(pipeline).limit(1 << 20).bytes());
            prop_assert!(read.is_ok_and(|bytes| bytes.len() <= 1 << 20) || !whole.is_empty());
        }
    }
}
