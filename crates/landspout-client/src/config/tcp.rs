//! How sockets are set up.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a client's TCP sockets are set up. A system that refuses an option is not an error: the
/// connection works without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TcpConfig {
    /// Whether small writes go out at once (`TCP_NODELAY`). Default true.
    pub nodelay: bool,

    /// How long a connection may be silent before the system asks the other side whether it is
    /// still there. Default 60 s; zero never asks. Systems count whole seconds.
    #[serde(with = "crate::seconds")]
    pub keepalive: Duration,

    /// Bytes that the system keeps until they are sent (`SO_SNDBUF`). Default 0: what the system
    /// thinks best.
    pub send_buffer: usize,

    /// Bytes that the system keeps until they are read (`SO_RCVBUF`). Default 0: what the system
    /// thinks best.
    pub receive_buffer: usize,
}

impl Default for TcpConfig {
    fn default() -> TcpConfig {
        TcpConfig {
            nodelay: true,
            keepalive: Duration::from_secs(60),
            send_buffer: 0,
            receive_buffer: 0,
        }
    }
}

impl TcpConfig {
    setters! { nodelay: bool, keepalive: Duration, send_buffer: usize, receive_buffer: usize }
}
