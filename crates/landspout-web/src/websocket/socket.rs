//! Both ends of a connection.

use landspout_handler::Upgraded;
use landspout_websocket::{CloseCode, Error, Message, Receiver, Sender};

/// Both ends of an open WebSocket.
///
/// The [`sender`](Socket::sender) can be cloned and given away, to whoever has something to say on
/// this connection; the [`receiver`](Socket::receiver) stays.
#[derive(Debug)]
pub struct Socket {
    /// Sends; a clone sends on the same connection.
    pub sender: Sender<Upgraded>,
    /// Receives, and keeps the connection going while it waits: pongs, deadlines, what is queued.
    pub receiver: Receiver<Upgraded>,
}

impl Socket {
    /// Waits for the next message; `None` when the connection was closed in order.
    ///
    /// # Errors
    /// The connection ended in another way.
    ///
    /// # Cancel safety
    /// Safe: no message is lost.
    pub fn receive(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        self.receiver.receive()
    }

    /// Sends a message, once there is room for it in the queue.
    ///
    /// What is sent leaves when the handler next awaits something that is not ready: the answers to
    /// messages that came together leave together.
    ///
    /// # Errors
    /// The connection is closing, or has ended.
    ///
    /// # Cancel safety
    /// Safe: a message whose sending is dropped is sent whole or not at all.
    pub fn send(&self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        self.sender.send(message)
    }

    /// Begins to close the connection; [`receive`](Socket::receive) ends when the other side has
    /// answered.
    pub fn close(&self, code: CloseCode, reason: impl Into<String>) {
        self.sender.close(code, reason);
    }
}
