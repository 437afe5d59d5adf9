//! A WebSocket over a stream of bytes.

use crate::agreement::Agreement;
use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::connection::Connection;
use crate::error::Error;
use crate::handshake::HandshakeError;
use crate::message::Message;
use crate::outbox::Outgoing;
use crate::prepared::PreparedMessage;
use crate::protocol::Event;
use crate::session;
use crate::split::{Receiver, Sender};
use bytes::Bytes;
use http::Uri;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// A WebSocket: messages both ways over any stream of bytes that tokio knows.
///
/// It answers pings and close frames, pings a silent peer and gives up a dead one, as long as
/// someone awaits [`receive`](WebSocket::receive). It is `Send` if the stream is, and needs no
/// task and no lock of its own. Where one task shall send while another receives,
/// [`split`](WebSocket::split) it.
///
/// ```
/// use landspout_websocket::{CloseCode, Config, Message, WebSocket};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (near, far) = tokio::io::duplex(1024);
/// let config = Config::default();
///
/// let server = tokio::spawn(async move {
///     let mut socket = WebSocket::accept(far, &Config::default()).await?;
///     while let Some(message) = socket.receive().await? {
///         socket.send(message).await?;
///     }
///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// });
///
/// let uri = "ws://example.com/echo".parse()?;
/// let mut socket = WebSocket::connect(near, &uri, &config).await?;
/// socket.send("hello").await?;
/// assert_eq!(socket.receive().await?, Some(Message::from("hello")));
/// socket.close(CloseCode::NORMAL, "done").await?;
/// # server.await?.map_err(|error| error.to_string())?;
/// # Ok(())
/// # }
/// ```
///
/// # Memory
///
/// An idle connection keeps no buffer: the connections of a thread read into one, and what
/// they keep is what has arrived of an unfinished message, and what waits to be sent.
#[derive(Debug)]
pub struct WebSocket<Io> {
    /// Boxed, because futures keep a place for each variable that it moves through.
    connection: Box<Connection<Io>>,
}

impl<Io> WebSocket<Io> {
    /// A WebSocket over a stream on which the handshake has been made.
    ///
    /// Bytes of the WebSocket that an HTTP library has read ahead are the stream's to give back.
    /// A runtime with a timer is needed where the config has a deadline.
    pub fn new(io: Io, agreement: Agreement, config: &Config) -> WebSocket<Io> {
        WebSocket::with_input(io, agreement, config, Vec::new())
    }

    pub(crate) fn with_input(
        io: Io,
        agreement: Agreement,
        config: &Config,
        input: Vec<u8>,
    ) -> WebSocket<Io> {
        WebSocket { connection: Box::new(Connection::new(io, agreement, config, input)) }
    }

    /// The subprotocol that the handshake settled.
    pub fn subprotocol(&self) -> Option<&str> {
        self.connection.subprotocol()
    }

    /// What the other side's close frame said, if one with a code has come.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.connection.close_frame()
    }

    /// How many bytes wait to be written, counted as [`Config::max_queue`] counts them.
    pub fn queued(&self) -> usize {
        self.connection.outbox().len()
    }

    /// The two ends, so that one task can send while another receives.
    pub fn split(self) -> (Sender<Io>, Receiver<Io>) {
        crate::split::split(*self.connection)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> WebSocket<Io> {
    /// Reads a client's handshake from the stream and answers it: a server without an HTTP
    /// library. Whatever the request's path, it is accepted; where there is a choice to make,
    /// read the request and use [`Offer`](crate::Offer).
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Refused`] after the refusal was written; the others where there was no
    /// request to answer.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is lost.
    pub async fn accept(io: Io, config: &Config) -> Result<WebSocket<Io>, HandshakeError> {
        // Boxed, lest the caller's future keep the room for it as long as the connection lives.
        Box::pin(session::accept(io, config)).await
    }

    /// Makes a client's handshake on the stream, which is connected to the URI's host and, for
    /// `wss`, encrypted. Where more headers are to be sent, make the request with
    /// [`Opening`](crate::Opening).
    ///
    /// # Errors
    ///
    /// The server's answer does not open the WebSocket, or there is none.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the stream is lost.
    pub async fn connect(
        io: Io,
        uri: &Uri,
        config: &Config,
    ) -> Result<WebSocket<Io>, HandshakeError> {
        Box::pin(session::connect(io, uri, config)).await
    }

    /// Waits for the next message; `None` when the connection was closed by a closing
    /// handshake. [`close_frame`](WebSocket::close_frame) tells what the other side said.
    ///
    /// # Errors
    ///
    /// The connection ended in another way; see [`Error`]. Told once, then it is `None`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no message is lost, and the next call goes on where this one stopped.
    pub fn receive(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        poll_fn(|cx| self.poll_message(cx))
    }

    /// Waits for the next event: messages, but also pings, pongs and the close frame, which are
    /// answered without the caller. `None` comes after the close frame, when the stream has ended.
    ///
    /// # Errors
    ///
    /// As [`receive`](WebSocket::receive).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost, and the next call goes on where this one stopped.
    pub async fn receive_event(&mut self) -> Result<Option<Event>, Error> {
        poll_fn(|cx| self.connection.poll_receive(cx)).await
    }

    #[inline]
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        loop {
            match ready!(self.connection.poll_receive(cx))? {
                Some(Event::Message(message)) => return Poll::Ready(Ok(Some(message))),
                Some(_) => {}
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Sends a message: waits while too much is queued, then queues it and writes.
    ///
    /// The answers to messages that arrived together leave together: while more of them wait to
    /// be received, nothing is written, unless 64 KiB are queued, until
    /// [`receive`](WebSocket::receive) has given the last one and is awaited again. Who does not
    /// come back to `receive` soon calls [`flush`](WebSocket::flush).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection is closing or closed, or instead, the first time, why
    /// it ended; [`Error::Io`] if writing fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it is dropped before it is ready, the message is not sent at all.
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.send_outgoing(Outgoing::Message(message.into()))
    }

    /// Sends a prepared message, as [`send`](WebSocket::send) sends another.
    ///
    /// # Errors
    ///
    /// As [`send`](WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it is dropped before it is ready, the message is not sent at all.
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.send_outgoing(Outgoing::Prepared(message.clone())).await
    }

    /// One closure and no `async`: each layer of those would move the message once more.
    fn send_outgoing(&mut self, message: Outgoing) -> impl Future<Output = Result<(), Error>> {
        let mut message = Some(message);
        poll_fn(move |cx| {
            let result = match &message {
                Some(first) => self.connection.send_at_once(first, Some(cx.waker())),
                None => Ok(true),
            };
            let result = match result {
                Ok(false) => ready!(self.poll_queue(cx, &mut message)),
                result => result.map(|_| ()),
            };
            // Whoever is told first that the connection is closed is told why.
            Poll::Ready(result.map_err(|error| match error {
                Error::Closed => self.connection.take_failure().unwrap_or(Error::Closed),
                error => error,
            }))
        })
    }

    /// Queues the message when there is room.
    fn poll_queue(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Option<Outgoing>,
    ) -> Poll<Result<(), Error>> {
        self.connection.leave();
        ready!(self.connection.poll_room(cx))?;
        if let Some(message) = message.take() {
            self.connection.push(message)?;
        }
        // What is not written now is written by the next call.
        if !self.connection.has_input()
            && let Poll::Ready(Err(error)) = self.connection.poll_write(cx)
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }

    /// Sends a ping of at most 125 bytes. Its pong comes as an event of
    /// [`receive_event`](WebSocket::receive_event).
    ///
    /// # Errors
    ///
    /// [`Error::ControlTooLong`]; and as [`send`](WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the ping is queued at the first poll, which is also the last.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.ping(payload)?;
        self.write_some().await
    }

    /// Sends a pong that answers no ping: a sign of life that asks for none. Pings are answered
    /// without it.
    ///
    /// # Errors
    ///
    /// [`Error::ControlTooLong`]; and as [`send`](WebSocket::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the pong is queued at the first poll, which is also the last.
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.pong(Bytes::copy_from_slice(payload))?;
        self.write_some().await
    }

    async fn write_some(&mut self) -> Result<(), Error> {
        poll_fn(|cx| match self.connection.poll_write(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(())),
        })
        .await
    }

    /// Waits until all that was sent has been written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if writing fails; [`Error::Closed`] if the connection is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is not written yet stays queued.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.connection.leave();
        poll_fn(|cx| self.connection.poll_flush(cx)).await
    }

    /// Closes the connection: sends what is queued and a close frame, and waits until the other
    /// side has answered it or [`Config::close_timeout`] has passed. Messages that come
    /// meanwhile are thrown away. On a connection that is closed already it does nothing.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimeout`] if no answer came; others as [`receive`](WebSocket::receive).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the connection is closing from the first poll on, and `close` or `receive`
    /// go on with it.
    pub async fn close(&mut self, code: CloseCode, reason: impl Into<String>) -> Result<(), Error> {
        self.connection.begin_close(CloseFrame::new(code, reason));
        while self.receive_event().await?.is_some() {}
        Ok(())
    }
}
