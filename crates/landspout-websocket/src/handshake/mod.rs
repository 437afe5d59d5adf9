//! The handshake, as values: headers in, headers out.

mod error;
pub(crate) mod extensions;
mod head;
mod key;
mod offer;
mod opening;
mod origin;
mod refusal;

pub use error::HandshakeError;
pub(crate) use head::{MAX_HEAD, RequestHead, ResponseHead, end_of_head, write_headers};
pub use offer::{Acceptance, Offer};
pub use opening::Opening;
pub use refusal::Refusal;
