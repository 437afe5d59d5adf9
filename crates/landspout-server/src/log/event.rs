//! The access log as events.

use super::Record;
use tracing::{Level, enabled, info};

/// Whether somebody listens.
#[inline]
pub(crate) fn is_wanted() -> bool {
    enabled!(target: "landspout::access", Level::INFO)
}

pub(crate) fn emit(record: &Record) {
    info!(
        target: "landspout::access",
        method = %record.method,
        path = record.uri.path(),
        route = record.route.as_ref().map(|route| &*route.pattern),
        status = record.status.map(|status| status.as_u16()),
        bytes = record.bytes,
        ms = record.started.elapsed().as_secs_f64() * 1e3,
        client = record.client.map(tracing::field::display),
        id = record.id.as_ref().and_then(|id| id.to_str().ok()),
        aborted = !record.complete,
    );
}
