//! What goes out on a connection: batched, or kept until the client takes it.

use crate::connections::BATCH_LEN;
use crate::layout::LARGE;
use crate::link::Link;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Small writes are not made when the parser asks for them but when its poll ends
/// ([`send_batch`](Link::send_batch)), so that the answers to pipelined requests go out together.
/// hyper has an option for that, `pipeline_flush`; but under it a streamed body is read without
/// bounds when the client is slow, and is not sent at all while another request waits behind it.
impl Link {
    /// Takes bytes to write: small ones into the batch, large ones to the socket at once.
    #[inline]
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let mut batch = self.connections.batch.borrow_mut();
        let fits = batch.len() + len <= BATCH_LEN;
        if fits && (len <= LARGE || !batch.is_empty()) && !self.is_blocked() {
            pieces.iter().for_each(|piece| batch.extend_from_slice(piece));
            return Poll::Ready(Ok(len));
        }
        drop(batch);
        self.poll_write_more(cx, pieces, len)
    }

    /// Takes bytes that may have to wait for others to go, or to be written by themselves.
    #[inline(never)]
    fn poll_write_more(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
        len: usize,
    ) -> Poll<io::Result<usize>> {
        if !self.has_room(len) {
            ready!(self.poll_room(cx, len))?;
        }
        if len > LARGE && self.goes_alone(len) {
            return self.poll_write_now(cx, pieces);
        }
        let mut batch = self.connections.batch.borrow_mut();
        pieces.iter().for_each(|piece| batch.extend_from_slice(piece));
        Poll::Ready(Ok(len))
    }

    /// Whether so many bytes need not wait for others.
    fn has_room(&self, len: usize) -> bool {
        // Of a parser that ends with 101, nobody gets what it could not write.
        self.switches.get() || !self.is_blocked() && self.joins_batch(len)
    }

    /// Whether so many bytes go out together with those that are batched.
    fn joins_batch(&self, len: usize) -> bool {
        let batched = self.connections.batch.borrow().len();
        batched == 0 || batched + len <= BATCH_LEN
    }

    /// Whether so many bytes, which are many, are not copied into the batch.
    fn goes_alone(&self, len: usize) -> bool {
        len > BATCH_LEN || !self.is_blocked() && self.connections.batch.borrow().is_empty()
    }

    /// Sends what is to go out before so many bytes are taken.
    fn poll_room(&self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<()>> {
        if self.is_blocked() {
            ready!(self.poll_rest(cx))?;
        }
        if !self.joins_batch(len) {
            self.send_batch(cx)?;
            ready!(self.poll_rest(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_now(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.stream.borrow_mut()).poll_write_vectored(cx, pieces);
        match &written {
            Poll::Ready(Ok(len)) => self.note_taken(*len),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.note_blocked(0),
        }
        written
    }

    /// Sends what was batched, or keeps it as the rest. At the end of each poll of the task.
    pub(crate) fn send_batch(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut batch = self.connections.batch.borrow_mut();
        let free = !self.is_blocked() || self.poll_rest(cx)?.is_ready();
        let mut sent = 0;
        let mut result = if free { self.write_all(cx, &batch, &mut sent) } else { Ok(()) };
        if result.is_ok() && (sent < batch.len() || self.is_blocked()) {
            result = self.keep_rest(cx, &batch, sent);
        }
        batch.clear();
        result
    }

    /// The socket had no room for all of it: keeps what is left.
    #[cold]
    fn keep_rest(&self, cx: &mut Context<'_>, batch: &[u8], sent: usize) -> io::Result<()> {
        if let Poll::Ready(Err(error)) = self.poll_unsent(cx) {
            return Err(error);
        }
        if sent < batch.len() {
            self.rest.push(&batch[sent..]);
            self.note_blocked(sent);
        }
        Ok(())
    }

    /// Sends what the socket had no room for before.
    #[cold]
    pub(crate) fn poll_rest(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return self.poll_unsent(cx);
        }
        let mut rest = self.rest.take();
        let mut sent = 0;
        let written = self.write_all(cx, &rest, &mut sent);
        rest.drain(..sent);
        // Without any its memory goes too: few connections ever need it twice.
        let is_left = !rest.is_empty();
        self.rest.put(rest);
        written?;
        if is_left {
            self.note_blocked(sent);
            return Poll::Pending;
        }
        self.note_taken(sent);
        self.poll_unsent(cx)
    }

    /// Sends what the stream took and the socket had no room for, as it is with TLS.
    fn poll_unsent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut stream = self.stream.borrow_mut();
        if !stream.has_unsent() {
            return Poll::Ready(Ok(()));
        }
        let sent = Pin::new(&mut *stream).poll_flush(cx);
        match &sent {
            Poll::Ready(_) => self.note_taken(0),
            Poll::Pending => self.note_blocked(0),
        }
        sent
    }

    /// Writes as much as the socket takes, and adds it to `sent`.
    fn write_all(&self, cx: &mut Context<'_>, bytes: &[u8], sent: &mut usize) -> io::Result<()> {
        let mut stream = self.stream.borrow_mut();
        while *sent < bytes.len() {
            match Pin::new(&mut *stream).poll_write(cx, &bytes[*sent..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(len)) => *sent += len,
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    /// The client took that much, and no more.
    fn note_blocked(&self, len: usize) {
        self.waits.blocked(len, self.connections.clock.now());
    }

    /// The client took that much, which was all.
    fn note_taken(&self, len: usize) {
        self.waits.unblocked(len, self.connections.clock.now());
    }

    /// Whether the client has not yet taken everything.
    #[inline]
    pub(crate) fn is_blocked(&self) -> bool {
        !self.rest.is_empty() || self.stream.borrow().has_unsent()
    }
}
