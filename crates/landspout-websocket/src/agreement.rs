//! What a handshake settles.

use crate::deflate::Params;
use crate::role::Role;

/// What the two sides agreed on in the handshake, and which side this is.
///
/// [`Offer::accept`](crate::Offer::accept) and [`Opening::finish`](crate::Opening::finish) give
/// one.
#[derive(Debug)]
pub struct Agreement {
    pub(crate) role: Role,
    pub(crate) subprotocol: Option<String>,
    pub(crate) deflate: Option<Params>,
}

impl Agreement {
    /// No subprotocol and no extension: for a handshake that was made elsewhere.
    pub fn plain(role: Role) -> Agreement {
        Agreement { role, subprotocol: None, deflate: None }
    }

    /// The side that this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The subprotocol.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages may be compressed.
    pub fn is_compressed(&self) -> bool {
        self.deflate.is_some()
    }
}
