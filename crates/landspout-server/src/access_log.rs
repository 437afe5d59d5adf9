//! One event for each answer.

use http::{Method, StatusCode, Uri};
use landspout_handler::Route;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::{Level, enabled, info};

/// The event of one request. It is made only if somebody listens, and emitted when it is dropped.
#[derive(Debug)]
pub(crate) struct AccessLine {
    started: Instant,
    method: Method,
    uri: Uri,
    client: Option<IpAddr>,
    pub(crate) route: Option<Arc<Route>>,
    /// `None` if the connection broke before there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// Bytes of the answer's body that were handed to the connection.
    pub(crate) bytes: u64,
    /// Whether the answer is whole.
    pub(crate) complete: bool,
}

impl AccessLine {
    pub(crate) fn begin(
        method: &Method,
        uri: &Uri,
        client: Option<IpAddr>,
    ) -> Option<Box<AccessLine>> {
        enabled!(target: "landspout::access", Level::INFO).then(|| {
            Box::new(AccessLine {
                started: Instant::now(),
                method: method.clone(),
                uri: uri.clone(),
                client,
                route: None,
                status: None,
                bytes: 0,
                complete: false,
            })
        })
    }
}

impl Drop for AccessLine {
    fn drop(&mut self) {
        info!(
            target: "landspout::access",
            method = %self.method,
            path = self.uri.path(),
            route = self.route.as_ref().map(|route| &*route.pattern),
            status = self.status.map(|status| status.as_u16()),
            bytes = self.bytes,
            ms = self.started.elapsed().as_secs_f64() * 1e3,
            client = self.client.map(tracing::field::display),
            aborted = !self.complete,
        );
    }
}
