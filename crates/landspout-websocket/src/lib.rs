//! WebSockets.

mod agreement;
mod assembly;
mod close;
mod config;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "deflate_off.rs"]
mod deflate;
mod error;
mod frame;
mod handshake;
mod mask;
mod message;
mod protocol;
mod role;
#[cfg(feature = "serde")]
mod seconds;
mod text;

pub use agreement::Agreement;
pub use close::{CloseCode, CloseFrame};
pub use config::{Config, Origins, Overflow};
#[cfg(feature = "deflate")]
pub use deflate::DeflateConfig;
pub use error::{Error, ProtocolError};
pub use handshake::{Acceptance, HandshakeError, Offer, Opening, Refusal};
pub use message::Message;
pub use protocol::{Event, Protocol, Received};
pub use role::Role;
