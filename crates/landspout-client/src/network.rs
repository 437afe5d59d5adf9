//! Everything that leads to a connection.

use crate::ClientConfig;
use crate::connect::Connector;
use crate::lease::Leases;

/// The pool, and what makes connections for it.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) leases: Leases,
    pub(crate) connector: Connector,
}

impl Network {
    pub(crate) fn new(config: &ClientConfig) -> Network {
        Network { leases: Leases::new(config), connector: Connector::new(config) }
    }
}
