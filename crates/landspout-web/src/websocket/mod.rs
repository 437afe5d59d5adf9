//! WebSockets as handlers: a plain async function, or a class with a method for each event.
//!
//! ```
//! use landspout_web::websocket::{Socket, websocket};
//! use landspout_web::{Application, Request};
//!
//! async fn echo(_: Request, socket: &mut Socket) {
//!     while let Ok(Some(message)) = socket.receive().await {
//!         if socket.send(message).await.is_err() {
//!             return; // The other side has gone.
//!         }
//!     }
//! }
//!
//! let application = Application::new().route("/echo", websocket(echo));
//! # let _ = application;
//! ```
//!
//! It makes no difference to a handler whether its client came over HTTP/1.1 or over a stream of
//! HTTP/2 (RFC 8441).
//!
//! A request that is no handshake gets the answer that says why: 405, 426, 400; a web page of
//! another host gets 403, because a browser would send the user's cookies along. The function runs
//! in a task of its own once the 101 (or the 200 of HTTP/2) has gone out. When it returns, the
//! connection is closed in order, with 1000; when it panics, with 1011 and a line in the log that
//! names the route. When the server begins to stop, the other side is sent 1001 and
//! [`receive`](Socket::receive) ends.
//!
//! Limits, pings, deadlines, compression and whose pages may connect are fields of [`Config`].

mod class;
mod serve;
mod socket;

pub use class::{Class, WebSocketHandler, class};
pub use serve::{Plain, websocket};
pub use socket::Socket;

pub use landspout_handler::Upgraded;
pub use landspout_websocket::{
    CloseCode, CloseFrame, Config, Error, Event, Message, Origins, PreparedMessage, Receiver,
    Sender,
};
