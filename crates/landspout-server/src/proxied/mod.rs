//! Behind a proxy: who the client is, told by those who may tell.

mod config;
mod forwarded;
mod node;
mod preamble;
mod receive;
mod told;
mod trusted;
mod x_forwarded;

pub use config::ProxyConfig;
pub(crate) use receive::{ReceiveError, receive};
pub use told::ProxyHeaders;
pub(crate) use told::told;
use trusted::is_trusted;
pub use trusted::{ParseTrustedProxyError, TrustedProxy};
