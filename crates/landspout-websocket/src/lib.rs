//! WebSockets.

mod message;

mod agreement;
mod close;
mod config;
mod error;
mod role;

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

mod connection;
mod deadline;
mod outbox;
mod prepared;
mod read_buffer;
#[cfg(feature = "serde")]
mod seconds;
mod session;
mod split;
mod stream;
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
