//! The end of a connection: last words, and both sides closed one after the other.

use crate::deadline::Phase;
use crate::link::{Link, Verdict};
use std::error::Error;
use std::future::poll_fn;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncWrite, ReadBuf};
use tracing::error;

impl Link {
    /// Runs `poll` in the connection's task, unless a verdict ends it.
    pub(crate) async fn turns<T>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, Verdict> {
        poll_fn(|cx| match self.begin(cx) {
            Ok(()) => poll(cx).map(Ok),
            Err(verdict) => Poll::Ready(Err(verdict)),
        })
        .await
    }

    /// Writes a last message of the server's own, where no other is under way.
    pub(crate) async fn say(&self, message: &[u8]) {
        self.enter(Phase::Lingering);
        if self.is_blocked() {
            return;
        }
        let written = self.turns(|cx| {
            ready!(self.poll_write(cx, &[IoSlice::new(message)]))?;
            Poll::Ready(self.send_batch(cx))
        });
        // A client that does not take it has gone.
        drop(written.await);
    }

    /// Sends what is left, closes this side, and reads on until the client closes its own. To close
    /// both at once would let the kernel answer what is still arriving with a reset, which makes
    /// clients forget the answer that they have not read yet (RFC 9112 §9.6).
    pub(crate) async fn close(&self) {
        self.enter(Phase::Lingering);
        let sent = self.turns(|cx| {
            ready!(self.poll_rest(cx))?;
            Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(cx)
        });
        if !matches!(sent.await, Ok(Ok(()))) {
            return self.reset();
        }
        let config = &self.connections.config;
        let mut left = config.linger_bytes;
        if self.ended.get() || config.linger_timeout.is_zero() {
            return;
        }
        let drained = self.turns(|cx| {
            let mut scratch = self.connections.scratch.borrow_mut();
            while left > 0 {
                let mut buf = ReadBuf::new(&mut scratch);
                // Not by way of whoever finds out what is spoken: it is too late for that.
                match ready!(self.poll_socket(cx, &mut buf)) {
                    Ok(()) if !buf.filled().is_empty() => {
                        left = left.saturating_sub(buf.filled().len() as u64);
                    }
                    Ok(()) | Err(_) => break,
                }
            }
            Poll::Ready(())
        });
        // Whether it ended, was too much or took too long: it is over.
        let _ = drained.await;
    }

    /// Lets the client know that the connection broke off: what is not sent yet is thrown away, and
    /// no end that could be taken for a good one is sent.
    pub(crate) fn reset(&self) {
        let stream = self.stream.borrow();
        stream.set_zero_linger();
        if self.is_shared() {
            // Its handlers may keep it for a while.
            stream.shut();
        }
    }

    /// Says in the log why an answer is not whole.
    pub(crate) fn tell_broken(&self, error: &dyn Error) {
        let remote = self.connection.remote_addr().map(tracing::field::display);
        let cause = error.source().map(tracing::field::display);
        error!(target: "landspout::server", remote, cause, "an answer broke off: {error}");
    }

    /// Sends what is left; false if the connection breaks before.
    pub(crate) async fn flush(&self) -> bool {
        matches!(self.turns(|cx| self.poll_rest(cx)).await, Ok(Ok(())))
    }
}
