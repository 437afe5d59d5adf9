//! WebSocket: RFC 6455 and 7692 as a state machine, and a stream over any I/O.
//!
//! ```
//! use landspout_websocket::{Config, Message, WebSocket};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (near, far) = tokio::io::duplex(1024); // or two ends of TCP, or of TLS
//!
//! tokio::spawn(async move {
//!     let mut socket = WebSocket::accept(far, &Config::default()).await?;
//!     while let Some(message) = socket.receive().await.unwrap_or(None) {
//!         socket.send(message).await.ok();
//!     }
//!     Ok::<_, landspout_websocket::HandshakeError>(())
//! });
//!
//! let uri = "ws://example.com/echo".parse()?;
//! let mut socket = WebSocket::connect(near, &uri, &Config::default()).await?;
//! socket.send("hello").await?;
//! assert_eq!(socket.receive().await?, Some(Message::from("hello")));
//! # Ok(())
//! # }
//! ```
//!
//! # Three layers
//!
//! Take the one that fits; each is made of those below it.
//!
//! 1. [`WebSocket`] sends and receives [`Message`]s over any stream that tokio knows: it answers
//!    pings, keeps deadlines, bounds what waits to be sent. [`split`](WebSocket::split) gives a
//!    [`Sender`], of which there may be many, and a [`Receiver`].
//! 2. [`Offer`] and [`Opening`] are the handshake of a server and of a client as values: headers
//!    in, headers out. With them a `WebSocket` is opened over whatever HTTP there is, HTTP/2
//!    included; without one, [`WebSocket::accept`] and [`WebSocket::connect`] are enough.
//! 3. [`Protocol`] has no socket and no clock: bytes in, [`Event`]s out; messages in, bytes out.
//!
//! # In a server
//!
//! ```
//! # use http::{HeaderMap, Method, Version};
//! # use landspout_websocket::{Config, Offer, Opening, Refusal, WebSocket};
//! # use tokio::io::DuplexStream;
//! # async fn upgrade() -> DuplexStream { tokio::io::duplex(1).0 }
//! # async fn serve(method: Method, version: Version, headers: HeaderMap, config: &Config)
//! #     -> Result<(), Refusal> {
//! // The error is a response too: it has `status` and `headers`.
//! let accepted = Offer::read(&method, version, &headers)?.accept(config)?;
//! // Answer with `accepted.status` and `accepted.headers`; when that has gone out:
//! let io = upgrade().await;
//! let mut socket = WebSocket::new(io, accepted.agreement, config);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! #     let config = Config::default();
//! #     let headers = Opening::new(&config).headers();
//! #     serve(Method::GET, Version::HTTP_11, headers, &config).await.unwrap();
//! # });
//! ```
//!
//! # Many receivers
//!
//! A [`PreparedMessage`] is encoded once and compressed at most once, whatever the connections
//! agreed on. [`Sender::try_send_prepared`] never waits: what a slow receiver misses, or whether
//! it is closed, is [`Config::overflow`]'s choice.
//!
//! # Safe by default
//!
//! Messages and frames of 1 MiB at most, 1 MiB of queue, pings, a deadline on every phase,
//! pages of other origins refused: every limit is a field of [`Config`]. Memory grows with the
//! bytes that arrived, never with a length that was announced.

mod agreement;
mod close;
mod config;
mod error;
mod message;
mod role;
#[cfg(feature = "serde")]
mod seconds;

mod assembly;
mod frame;
mod mask;
mod protocol;
mod text;

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate_off.rs"]
mod deflate;
mod handshake;

mod prepared;
mod session;
mod split;
mod stream;

mod connection;
mod deadline;
mod outbox;
mod read_buffer;
mod waiters;
mod wire;

pub use agreement::Agreement;
pub use close::{CloseCode, CloseFrame};
pub use config::{Config, Origins, Overflow};
#[cfg(feature = "deflate")]
pub use deflate::DeflateConfig;
pub use error::{Error, ProtocolError};
pub use handshake::{Acceptance, HandshakeError, Offer, Opening, Refusal};
pub use message::Message;
pub use prepared::PreparedMessage;
pub use protocol::{Event, Protocol, Received};
pub use role::Role;
pub use split::{Receiver, Sender};
pub use stream::WebSocket;
