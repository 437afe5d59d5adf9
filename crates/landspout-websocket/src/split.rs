//! The two ends of a WebSocket.

use crate::close::{CloseCode, CloseFrame};
use crate::connection::Connection;
use crate::error::Error;
use crate::message::Message;
use crate::outbox::Outgoing;
use crate::prepared::PreparedMessage;
use crate::protocol::Event;
use bytes::Bytes;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

struct Shared<Io> {
    connection: Mutex<Connection<Io>>,
    /// Something was sent and not written, because more is to be received and answered first.
    holds: AtomicBool,
}

impl<Io> Shared<Io> {
    fn lock(&self) -> MutexGuard<'_, Connection<Io>> {
        // What a panic of the stream left behind is still a connection, if a broken one.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn split<Io>(mut connection: Connection<Io>) -> (Sender<Io>, Receiver<Io>) {
    connection.leave();
    let shared =
        Arc::new(Shared { connection: Mutex::new(connection), holds: AtomicBool::new(false) });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

/// The sending end: as many clones as there are senders, in any tasks.
///
/// While the [`Receiver`] waits for messages it is it that writes: all that is sent before its
/// turn comes leaves in one write. Otherwise the sender writes.
///
/// ```
/// use landspout_websocket::{Agreement, Config, Message, Role, WebSocket};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (near, far) = tokio::io::duplex(1024);
/// let config = Config::default();
/// let server = WebSocket::new(far, Agreement::plain(Role::Server), &config);
/// let mut client = WebSocket::new(near, Agreement::plain(Role::Client), &config);
///
/// let (sender, mut receiver) = server.split();
/// tokio::spawn(async move { receiver.receive().await });
/// tokio::spawn(async move { sender.send("from another task").await });
/// assert_eq!(client.receive().await?, Some(Message::from("from another task")));
/// # Ok(())
/// # }
/// ```
pub struct Sender<Io> {
    shared: Arc<Shared<Io>>,
}

impl<Io> Clone for Sender<Io> {
    fn clone(&self) -> Sender<Io> {
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<Io> fmt::Debug for Sender<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&*self.shared.lock()).finish()
    }
}

impl<Io> Sender<Io> {
    /// Whether messages can still be sent.
    pub fn is_open(&self) -> bool {
        self.shared.lock().is_open()
    }

    /// How many bytes wait to be written, counted as
    /// [`Config::max_queue`](crate::Config::max_queue) counts them.
    pub fn queued(&self) -> usize {
        self.shared.lock().outbox().len()
    }

    /// How many messages the policy [`Config::overflow`](crate::Config::overflow) has thrown
    /// away, those replaced by later ones included.
    pub fn dropped(&self) -> u64 {
        self.shared.lock().outbox().dropped()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Sender<Io> {
    /// Sends a message: waits while too much is queued, then queues it.
    ///
    /// The task that receives answers messages that arrived together in one write: while more of
    /// them wait to be received, what it sends is not written, unless 64 KiB are queued. Where it
    /// does not come back to [`receive`](Receiver::receive) soon, it calls
    /// [`flush`](Sender::flush), or is polled by someone who calls
    /// [`try_flush`](Sender::try_flush), as the handlers of landspout-web are.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection is closing or closed, [`Error::Io`] if writing fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it is dropped before it is ready, the message is not sent at all.
    pub fn send(&self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.send_outgoing(Outgoing::Message(message.into()))
    }

    /// Sends a prepared message, as [`send`](Sender::send) sends another.
    ///
    /// # Errors
    ///
    /// As [`send`](Sender::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it is dropped before it is ready, the message is not sent at all.
    pub async fn send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.send_outgoing(Outgoing::Prepared(message.clone())).await
    }

    /// Not an `async fn`: that would keep the message twice.
    fn send_outgoing(&self, message: Outgoing) -> impl Future<Output = Result<(), Error>> {
        let mut message = Some(message);
        poll_fn(move |cx| {
            let mut connection = self.shared.lock();
            if let Some(first) = &message
                && connection.is_busy_elsewhere()
                && connection.send_at_once(first, None)?
            {
                return Poll::Ready(Ok(()));
            }
            ready!(connection.poll_room(cx))?;
            if let Some(message) = message.take() {
                connection.push(message)?;
                if connection.is_answering(cx) {
                    self.shared.holds.store(true, Ordering::Relaxed);
                } else {
                    connection.start_writing();
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Sends a message without waiting: what happens when the queue is full is
    /// [`Config::overflow`](crate::Config::overflow)'s choice.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection is closing or closed; [`Error::Overflow`] if this
    /// message was the one too many, and the connection closes now. A message that the policy
    /// throws away is no error; see [`dropped`](Sender::dropped).
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.shared.lock().try_push(Outgoing::Message(message.into()), None)
    }

    /// Sends a prepared message without waiting, as [`try_send`](Sender::try_send) sends
    /// another: the call for a message to many.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Sender::try_send).
    pub fn try_send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.shared.lock().try_push(Outgoing::Prepared(message.clone()), None)
    }

    /// Sends a prepared message that makes the earlier ones of the same key worthless, such as
    /// a price or a position: with [`Overflow::KeepLatest`](crate::Overflow::KeepLatest) it
    /// takes the place of the one that is still queued.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Sender::try_send).
    pub fn try_send_latest(&self, key: u64, message: &PreparedMessage) -> Result<(), Error> {
        self.shared.lock().try_push(Outgoing::Prepared(message.clone()), Some(key))
    }

    /// Sends a ping of at most 125 bytes. Its pong comes as an event of
    /// [`Receiver::receive_event`].
    ///
    /// # Errors
    ///
    /// [`Error::ControlTooLong`]; [`Error::Closed`] if the connection is closing or closed.
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        let mut connection = self.shared.lock();
        connection.ping(payload)?;
        connection.start_writing();
        Ok(())
    }

    /// Sends a pong that answers no ping. Pings are answered without it.
    ///
    /// # Errors
    ///
    /// As [`ping`](Sender::ping).
    pub fn pong(&self, payload: &[u8]) -> Result<(), Error> {
        let mut connection = self.shared.lock();
        connection.pong(Bytes::copy_from_slice(payload))?;
        connection.start_writing();
        Ok(())
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
    pub async fn flush(&self) -> Result<(), Error> {
        poll_fn(|cx| self.shared.lock().poll_flush(cx)).await
    }

    /// Writes what [`send`](Sender::send) held back, as far as the socket takes it now.
    ///
    /// It is for whoever polls the receiving task: called after each poll that was pending, it lets
    /// answers leave at the latest when that task waits for something else. It costs next to
    /// nothing where nothing was held back.
    pub fn try_flush(&self) {
        // Set by the task that is polled here, so no order is needed.
        if self.shared.holds.load(Ordering::Relaxed) {
            self.shared.holds.store(false, Ordering::Relaxed);
            let mut connection = self.shared.lock();
            if connection.outbox().len() > 0 {
                connection.start_writing();
            }
        }
    }

    /// Begins to close the connection: sends a close frame behind what is queued. The
    /// [`Receiver`] sees the rest: it receives what still comes, and then `None`.
    pub fn close(&self, code: CloseCode, reason: impl Into<String>) {
        let mut connection = self.shared.lock();
        connection.begin_close(CloseFrame::new(code, reason));
        connection.start_writing();
    }
}

/// The receiving end. While it waits for messages it also does what the connection needs:
/// answers, deadlines, and what the [`Sender`]s queue.
///
/// Dropping it ends the connection, whatever senders there still are.
pub struct Receiver<Io> {
    shared: Arc<Shared<Io>>,
}

impl<Io> fmt::Debug for Receiver<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&*self.shared.lock()).finish()
    }
}

impl<Io> Receiver<Io> {
    /// What the other side's close frame said, if one with a code has come.
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.shared.lock().close_frame().cloned()
    }

    /// The subprotocol that the handshake settled.
    pub fn subprotocol(&self) -> Option<String> {
        self.shared.lock().subprotocol().map(str::to_owned)
    }

    /// Another sending end.
    pub fn sender(&self) -> Sender<Io> {
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Receiver<Io> {
    /// Waits for the next message; `None` when the connection was closed by a closing
    /// handshake.
    ///
    /// # Errors
    ///
    /// The connection ended in another way; see [`Error`]. Told once, then it is `None`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no message is lost, and the next call goes on where this one stopped.
    pub fn receive(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        self.receive_as(|event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
    }

    /// Waits for the next event: messages, but also pings, pongs and the close frame, which are
    /// answered without the caller. `None` comes after the close frame, when the stream has ended.
    ///
    /// # Errors
    ///
    /// As [`receive`](Receiver::receive).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no event is lost, and the next call goes on where this one stopped.
    pub fn receive_event(&mut self) -> impl Future<Output = Result<Option<Event>, Error>> {
        self.receive_as(Some)
    }

    /// Waits for the next event that the function makes something of. It is the innermost of the
    /// futures that receive: each one around it would move what was received once more.
    async fn receive_as<T>(
        &mut self,
        take: impl Fn(Event) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let mut turn = Turn { shared: &self.shared, waits: false };
        poll_fn(|cx| {
            loop {
                let polled = turn.shared.lock().poll_receive(cx);
                turn.waits = polled.is_pending();
                match ready!(polled)? {
                    Some(event) => {
                        if let Some(taken) = take(event) {
                            return Poll::Ready(Ok(Some(taken)));
                        }
                    }
                    None => return Poll::Ready(Ok(None)),
                }
            }
        })
        .await
    }
}

impl<Io> Drop for Receiver<Io> {
    fn drop(&mut self) {
        self.shared.lock().drop_io(Some(Error::Closed));
    }
}

/// The time in which the receiving task sees to the connection.
struct Turn<'a, Io: AsyncRead + AsyncWrite + Unpin> {
    shared: &'a Shared<Io>,
    /// Whether it ends, if it ends now, before anything was received.
    waits: bool,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Drop for Turn<'_, Io> {
    fn drop(&mut self) {
        if !self.waits {
            return;
        }
        let mut connection = self.shared.lock();
        let woken = connection.leave();
        // Someone may have queued a message and woken this task, which was then cancelled.
        if woken && connection.outbox().len() > 0 {
            connection.start_writing();
        }
    }
}
