//! Bytes on their way to the socket.

use bytes::{Buf, Bytes};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Payloads from this size on are written from where they are; smaller ones are copied behind
/// each other, which is cheaper than one more piece in a vectored write.
pub(crate) const SHARE: usize = 1024;

/// The pieces of one vectored write.
const PIECES: usize = 64;

/// The most bytes that a thread keeps for the next connection that writes.
const SPARE_SIZE: usize = 64 * 1024;

thread_local! {
    /// Memory for a tail: a connection that has nothing to write has none of its own.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };

    /// Memory for segments.
    static SPARE_SEGMENTS: Cell<VecDeque<Bytes>> = const { Cell::new(VecDeque::new()) };
}

/// Encoded bytes, in order.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// What comes before the tail.
    segments: VecDeque<Bytes>,
    segments_len: usize,
    /// Where small frames are gathered.
    tail: Vec<u8>,
    /// How much of the tail is written already.
    written: usize,
    /// The I/O may hold back what was written to it.
    unflushed: bool,
}

impl Wire {
    pub(crate) fn len(&self) -> usize {
        self.segments_len + self.tail.len() - self.written
    }

    /// Whether all is written and the I/O holds nothing back.
    pub(crate) fn is_idle(&self) -> bool {
        // A tail that is written whole is given back.
        self.tail.is_empty() && self.segments.is_empty() && !self.unflushed
    }

    /// Where to append bytes.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        if self.tail.capacity() == 0 {
            self.tail = SPARE.take();
        }
        &mut self.tail
    }

    /// Appends bytes without copying them, unless they are few and there are others.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < SHARE && self.len() > 0 {
            self.tail().extend_from_slice(&bytes);
            return;
        }
        if self.tail.len() > self.written {
            let mut tail = Bytes::from(take(&mut self.tail));
            tail.advance(self.written);
            self.push_segment(tail);
        }
        self.tail.clear();
        self.written = 0;
        self.push_segment(bytes);
    }

    fn push_segment(&mut self, bytes: Bytes) {
        if self.segments.capacity() == 0 {
            self.segments = SPARE_SEGMENTS.take();
        }
        self.segments_len += bytes.len();
        self.segments.push_back(bytes);
    }

    /// Appends a frame to an empty wire and writes it at once. What the I/O does not take is kept.
    ///
    /// # Errors
    ///
    /// There is no frame, and nothing was written.
    #[inline]
    pub(crate) fn poll_write_through<E>(
        &mut self,
        mut io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Poll<io::Result<()>>, E> {
        let mut frame = SPARE.take();
        encode(&mut frame)?;
        let result = io.as_mut().poll_write(cx, &frame);
        if matches!(result, Poll::Ready(Ok(taken)) if taken == frame.len()) {
            give_back(frame);
            return Ok(self.poll_flush(io, cx));
        }
        self.tail = frame;
        Ok(match result {
            Poll::Ready(Ok(taken)) => {
                self.advance(taken);
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        })
    }

    /// Writes until the I/O takes no more; says how much it took, and whether that was all.
    #[inline]
    pub(crate) fn poll_write(
        &mut self,
        mut io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> (usize, Poll<io::Result<()>>) {
        let len = self.len();
        // Mostly there is one piece, and the I/O takes it whole.
        if let Some(piece) = self.only_piece() {
            match io.as_mut().poll_write(cx, piece) {
                Poll::Ready(Ok(taken)) if taken == len => {
                    match self.segments.pop_front() {
                        Some(_) => self.empty_segments(),
                        None => self.empty_tail(),
                    }
                    self.segments_len = 0;
                    return (len, self.poll_flush(io, cx));
                }
                Poll::Ready(Ok(0)) => {
                    return (0, Poll::Ready(Err(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(taken)) => self.advance(taken),
                // The socket says only once what was wrong.
                Poll::Ready(Err(error)) => return (0, Poll::Ready(Err(error))),
                Poll::Pending => return (0, Poll::Pending),
            }
        }
        let result = self.poll_write_all(io, cx);
        (len - self.len(), result)
    }

    /// What is to be written, if it lies together.
    fn only_piece(&self) -> Option<&[u8]> {
        match self.segments.len() {
            0 => (!self.tail.is_empty()).then(|| &self.tail[self.written..]),
            1 => self.tail.is_empty().then(|| &self.segments[0][..]),
            _ => None,
        }
    }

    fn poll_write_all(
        &mut self,
        mut io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.len() > 0 {
            let taken = if self.segments.is_empty() {
                ready!(io.as_mut().poll_write(cx, &self.tail[self.written..]))?
            } else {
                ready!(self.poll_write_pieces(io.as_mut(), cx))?
            };
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(taken);
        }
        if self.unflushed { self.poll_flush(io, cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_flush(
        &mut self,
        io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let result = io.poll_flush(cx);
        self.unflushed = !matches!(result, Poll::Ready(Ok(())));
        result
    }

    fn poll_write_pieces(
        &self,
        io: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if !io.is_write_vectored() {
            return io.poll_write(cx, &self.segments[0]);
        }
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (piece, segment) in pieces.iter_mut().zip(&self.segments) {
            *piece = IoSlice::new(segment);
            count += 1;
        }
        if count < PIECES {
            pieces[count] = IoSlice::new(&self.tail[self.written..]);
            count += 1;
        }
        io.poll_write_vectored(cx, &pieces[..count])
    }

    fn advance(&mut self, mut len: usize) {
        self.unflushed = true;
        while let Some(segment) = self.segments.front_mut() {
            let part = len.min(segment.len());
            segment.advance(part);
            self.segments_len -= part;
            len -= part;
            if !segment.is_empty() {
                return;
            }
            self.segments.pop_front();
            if self.segments.is_empty() {
                self.empty_segments();
            }
        }
        self.written += len;
        if self.written == self.tail.len() {
            self.empty_tail();
        }
    }

    /// As [`empty_tail`](Wire::empty_tail), when the last segment is gone.
    fn empty_segments(&mut self) {
        let memory = take(&mut self.segments);
        if memory.capacity() <= PIECES {
            SPARE_SEGMENTS.set(memory);
        }
    }

    /// Gives its memory to whichever connection writes next.
    fn empty_tail(&mut self) {
        self.written = 0;
        give_back(take(&mut self.tail));
    }
}

#[inline]
fn give_back(mut memory: Vec<u8>) {
    if memory.capacity() <= SPARE_SIZE {
        memory.clear();
        SPARE.set(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// A socket: it says once what was wrong, and then only that it is broken.
    struct Reset(bool);

    impl AsyncWrite for Reset {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            let told = std::mem::replace(&mut self.0, true);
            let kind =
                if told { io::ErrorKind::BrokenPipe } else { io::ErrorKind::ConnectionReset };
            Poll::Ready(Err(kind.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn the_first_error_is_the_one_that_is_told() {
        let mut wire = Wire::default();
        wire.tail().extend_from_slice(b"frame");
        let mut socket = Reset(false);
        let mut cx = Context::from_waker(Waker::noop());
        let (len, result) = wire.poll_write(Pin::new(&mut socket), &mut cx);
        assert_eq!(len, 0);
        let Poll::Ready(Err(error)) = result else { panic!("{result:?}") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}
