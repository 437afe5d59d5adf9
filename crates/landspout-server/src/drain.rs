//! Stopping.

#[cfg(feature = "tls")]
use crate::TlsError;
use crate::log::{LogWriter, WeakLogWriter};
use crate::opening::Prepared;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Stops a [`Server`](crate::Server) from any thread; made by
/// [`Server::handle`](crate::Server::handle).
///
/// A clone stops the same server, and so does the handle of any server that was bound in one group
/// with it or [cloned](crate::Server::try_clone) from it.
#[derive(Debug, Clone, Default)]
pub struct ServerHandle(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    given: AtomicBool,
    /// Somebody else goes on with the listeners.
    handed_over: AtomicBool,
    changed: Notify,
    log: Option<WeakLogWriter>,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS can be read anew"))]
    prepared: Prepared,
}

impl ServerHandle {
    pub(crate) fn of(log: Option<&LogWriter>, prepared: Prepared) -> ServerHandle {
        let log = log.map(LogWriter::downgrade);
        ServerHandle(Arc::new(Signal { log, prepared, ..Signal::default() }))
    }

    /// Opens the file of the [access log](crate::LogConfig) again, after it was renamed. Without
    /// such a file it does nothing.
    pub fn reopen_log(&self) {
        if let Some(writer) = self.0.log.as_ref().and_then(WeakLogWriter::upgrade) {
            writer.reopen();
        }
    }

    /// Reads all certificates and keys [anew](crate::Tls::reload), those of the other servers of
    /// the group too. It blocks while it reads them.
    ///
    /// # Errors
    /// As for [`Tls::new`](crate::Tls::new). Then that listener has the ones from before.
    #[cfg(feature = "tls")]
    pub fn reload_tls(&self) -> Result<(), TlsError> {
        self.0.prepared.reload()
    }

    /// Starts the drain, if it has not started yet.
    ///
    /// The server takes what already waits to be accepted and then no more; open connections have
    /// the [grace](crate::ServerConfig#structfield.drain_grace) to send what was on its way; each
    /// answer says `Connection: close`; event streams and the like are told by
    /// `request.connection().draining()`. What is not done by the
    /// [deadline](crate::ServerConfig#structfield.drain_timeout) is cut off.
    pub fn shutdown(&self) {
        self.0.given.store(true, Ordering::Release);
        self.0.changed.notify_waiters();
    }

    /// As [`shutdown`](ServerHandle::shutdown), but the listening sockets are left as they are, with
    /// what waits in them: for a process that has them too and goes on with them.
    ///
    /// Sockets that were passed on to this process are always left like that.
    pub fn hand_over(&self) {
        self.0.handed_over.store(true, Ordering::Release);
        self.shutdown();
    }

    /// Whether the listeners are somebody else's now.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.0.handed_over.load(Ordering::Acquire)
    }

    /// Whether the drain has started.
    pub fn is_shutdown(&self) -> bool {
        self.0.given.load(Ordering::Acquire)
    }

    /// Returns when the drain starts.
    pub(crate) async fn given(&self) {
        loop {
            // The notification is asked for before the flag is read, so that none is missed.
            let changed = self.0.changed.notified();
            if self.is_shutdown() {
                return;
            }
            changed.await;
        }
    }
}

/// What a server did when it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DrainReport {
    /// Connections that were open when the drain began, or were accepted by it, and ended in time.
    pub finished: usize,
    /// Connections that were cut off at the deadline.
    pub cut: usize,
    /// Connections that speak another protocol and did not end by the deadline. They are their
    /// handlers', which were told, and end with them or with the process. One of HTTP/2 of which all
    /// that is open are such streams counts here, and not as cut, although it ends.
    pub upgraded: usize,
}
