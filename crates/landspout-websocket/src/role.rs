//! The side of a connection.

/// The side of a connection: it decides who masks.
///
/// A client masks every frame with a fresh random key and a server none
/// (RFC 6455 §5.1); each refuses the other thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Opened the connection.
    Client,
    /// Accepted the connection.
    Server,
}
