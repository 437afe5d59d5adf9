//! A body written piece by piece.

use crate::BodyError;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// The writing end of a [`Body`](crate::Body), made by [`Body::writer`](crate::Body::writer).
///
/// The body is complete when [`finish`](BodyWriter::finish) or [`trailers`](BodyWriter::trailers)
/// was called. A writer that is dropped before, by a panic or an early return, aborts the message:
/// the reader gets an error, and a client on the wire sees that the answer is not whole.
///
/// ```
/// use landspout_handler::Body;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (mut writer, body) = Body::writer();
/// let (written, text) = tokio::join!(
///     async move {
///         writer.write("one, ").await?;
///         writer.write("two").await?;
///         writer.finish().await
///     },
///     body.text(),
/// );
/// written.unwrap();
/// assert_eq!(text.unwrap(), "one, two");
/// # });
/// ```
#[derive(Debug)]
pub struct BodyWriter {
    sender: mpsc::Sender<Message>,
}

/// What goes from the writer to the reader. A channel that closes without `End` was aborted.
#[derive(Debug)]
enum Message {
    Frame(Frame<Bytes>),
    End,
}

pub(crate) fn pair() -> (BodyWriter, impl http_body::Body<Data = Bytes, Error = BodyError> + Send) {
    let (sender, receiver) = mpsc::channel(1);
    (BodyWriter { sender }, Reader { receiver, ended: false })
}

impl BodyWriter {
    /// Adds a piece, once there is room for it. An empty piece is nothing.
    ///
    /// # Errors
    /// The reader has gone: [`BodyError::is_incomplete`].
    ///
    /// # Cancel safety
    /// Safe: a write that is dropped has written nothing.
    pub async fn write(&mut self, piece: impl Into<Bytes>) -> Result<(), BodyError> {
        let piece = piece.into();
        if piece.is_empty() {
            return Ok(());
        }
        self.send(Message::Frame(Frame::data(piece))).await
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The reader has gone: [`BodyError::is_incomplete`].
    ///
    /// # Cancel safety
    /// Not safe: dropping it drops the writer, which aborts the message.
    pub async fn finish(self) -> Result<(), BodyError> {
        self.send(Message::End).await
    }

    /// Ends the body with trailers (RFC 9110 §6.5).
    ///
    /// # Errors
    /// The reader has gone: [`BodyError::is_incomplete`].
    ///
    /// # Cancel safety
    /// Not safe: dropping it drops the writer, which aborts the message.
    pub async fn trailers(self, trailers: HeaderMap) -> Result<(), BodyError> {
        self.send(Message::Frame(Frame::trailers(trailers))).await
    }

    /// Returns when the reader has gone, so that a writer with nothing to say learns of it.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    async fn send(&self, message: Message) -> Result<(), BodyError> {
        let sent = self.sender.send(message).await;
        sent.map_err(|_| BodyError::incomplete("the reader has gone"))
    }
}

struct Reader {
    receiver: mpsc::Receiver<Message>,
    ended: bool,
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(self.receiver.poll_recv(cx)) {
            Some(Message::Frame(frame)) => {
                // Trailers are the end: a reader that has them need not wait for more.
                self.ended = frame.is_trailers();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Message::End) => {
                self.ended = true;
                Poll::Ready(None)
            }
            None => {
                self.ended = true;
                let error = BodyError::incomplete("the writer was dropped before it finished");
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
