//! Everything that leads to a connection.

use crate::connect::Connector;
use crate::lease::Leases;
use crate::{ClientConfig, Resolver};

/// The pool, and what makes connections for it.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) leases: Leases,
    pub(crate) connector: Connector,
}

impl Network {
    /// `resolver` takes the place of the system's.
    pub(crate) fn new(config: &ClientConfig, resolver: Option<Box<dyn Resolver>>) -> Network {
        Network { leases: Leases::new(config), connector: Connector::new(config, resolver) }
    }
}
