//! Noticing that the files have changed.

use super::{Tls, TlsConfig};
use std::error::Error as _;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

/// The files as they were at some time.
#[derive(Debug)]
pub(super) struct Seen {
    at: Instant,
    stamps: Vec<Stamp>,
}

/// What tells one state of a file from another; nothing for a file that is not there.
///
/// A link is followed: the tools that renew certificates often swap one.
type Stamp = Option<(SystemTime, u64)>;

impl Seen {
    pub(super) fn now(config: &TlsConfig) -> Seen {
        let stamp = |path: &Path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        let stamps = config.files().map(|path| stamp(path)).collect();
        Seen { at: Instant::now(), stamps }
    }
}

impl Tls {
    /// Looks at the files again and again, and reads those that have changed. One of all who run
    /// this looks each time; the others find that it has been done.
    pub(crate) async fn keep_fresh(&self) {
        let interval = self.config().reload_interval;
        if interval.is_zero() {
            return std::future::pending().await;
        }
        loop {
            sleep(interval).await;
            if self.claim(interval) {
                let tls = self.clone();
                drop(spawn_blocking(move || tls.refresh()).await);
            }
        }
    }

    /// Whether the next look is due, which makes it the caller's.
    fn claim(&self, interval: Duration) -> bool {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Loops do not wake at the same instant: a little less than the interval will do.
        let due = seen.at.elapsed() >= interval.mul_f32(0.9);
        if due {
            seen.at = Instant::now();
        }
        due
    }

    /// Reads the files if they have changed since the last look.
    fn refresh(&self) {
        let now = Seen::now(self.config());
        {
            let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.stamps == now.stamps {
                return;
            }
            *seen = now;
        }
        match self.reload() {
            Ok(()) => info!(target: "landspout::server", "the certificates were read anew"),
            Err(error) => {
                let cause = error.source().map(tracing::field::display);
                warn!(target: "landspout::server", %error, cause, "the old certificates stay");
            }
        }
    }
}
