//! A program that nobody watches: the feature `service` is off.

use landspout_server::{Server, ServerHandle};
use std::sync::Arc;

/// Stands where the service would.
#[derive(Debug, Clone)]
pub(crate) struct Service;

/// There is nothing to set.
#[derive(Debug, Clone, Default)]
pub(crate) struct RestartConfig;

impl Service {
    pub(crate) fn new(_: &Arc<[Server]>, _: RestartConfig) -> Service {
        Service
    }

    pub(crate) async fn begin(&self, _: usize) {}

    pub(crate) fn end(&self, _: usize) {}

    pub(crate) fn stopping(&self) {}

    pub(crate) fn attend(&self, _: &ServerHandle) {}
}
