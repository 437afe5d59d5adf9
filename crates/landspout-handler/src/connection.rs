//! What a handler can know about the connection that a request came on.

use crate::TlsSession;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use tokio::sync::Notify;

/// The connection that a request came on: who is at the other end, whether they still are, and
/// whether the server is about to stop.
///
/// A server makes one for each connection; the requests share it. A request that came over no
/// connection, from a test or a client, has one that [knows nothing](Connection::default) and never
/// closes.
///
/// ```
/// use landspout_handler::Request;
///
/// async fn wait_for_news(request: Request) -> String {
///     let connection = request.connection().clone();
///     tokio::select! {
///         news = async { "news".to_owned() } => news,
///         () = connection.closed() => String::new(),
///         () = connection.draining() => "later".to_owned(),
///     }
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Connection(Option<Arc<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    remote_addr: Option<SocketAddr>,
    local_addr: Option<SocketAddr>,
    secure: bool,
    tls: Option<Arc<TlsSession>>,
    /// The bits of `CLOSED` and `DRAINING` that hold.
    state: AtomicU8,
    /// Made when somebody waits for a change. Few do, and an idle connection is better without.
    changed: OnceLock<Box<Changed>>,
}

#[derive(Debug, Default)]
struct Changed {
    futures: Notify,
    task: Mutex<Option<Waker>>,
}

const CLOSED: u8 = 1;
const DRAINING: u8 = 2;

impl Connection {
    /// A connection between these addresses (none on a Unix socket); `secure` says that it is
    /// encrypted.
    pub fn new(
        remote_addr: Option<SocketAddr>,
        local_addr: Option<SocketAddr>,
        secure: bool,
    ) -> Connection {
        Connection::of(Inner { remote_addr, local_addr, secure, ..Inner::default() })
    }

    /// An encrypted connection between these addresses (none on a Unix socket).
    pub fn over_tls(
        remote_addr: Option<SocketAddr>,
        local_addr: Option<SocketAddr>,
        session: TlsSession,
    ) -> Connection {
        let tls = Some(Arc::new(session));
        Connection::of(Inner { remote_addr, local_addr, secure: true, tls, ..Inner::default() })
    }

    fn of(inner: Inner) -> Connection {
        Connection(Some(Arc::new(inner)))
    }

    /// The same connection for one of several requests that share it at a time: such a request can be
    /// [closed](Connection::closed) alone. What is marked on the one is not marked on the other. For
    /// the server.
    #[must_use]
    pub fn fork(&self) -> Connection {
        Connection(self.0.as_ref().map(|inner| {
            Arc::new(Inner {
                remote_addr: inner.remote_addr,
                local_addr: inner.local_addr,
                secure: inner.secure,
                tls: inner.tls.clone(),
                state: AtomicU8::new(inner.state.load(Ordering::Acquire)),
                changed: OnceLock::new(),
            })
        }))
    }

    /// The address of the other end.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.0.as_ref()?.remote_addr
    }

    /// The address of this end.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.0.as_ref()?.local_addr
    }

    /// Whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.secure)
    }

    /// What the two ends agreed on, if the connection is encrypted and this end did it itself.
    pub fn tls(&self) -> Option<&TlsSession> {
        self.0.as_ref()?.tls.as_deref()
    }

    /// Returns when the other end has closed its side, which is what a browser does when its user
    /// leaves. A client may close its sending side alone and still read the answer; such a client
    /// looks the same.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn closed(&self) {
        self.reached(CLOSED).await;
    }

    /// Returns when the server begins to stop, so that answers without an end can end.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn draining(&self) {
        self.reached(DRAINING).await;
    }

    /// Whether the other end has closed its side.
    pub fn is_closed(&self) -> bool {
        self.has(CLOSED)
    }

    /// Whether the server has begun to stop.
    pub fn is_draining(&self) -> bool {
        self.has(DRAINING)
    }

    /// Wakes a task when the connection [is closed](Connection::is_closed) or
    /// [draining](Connection::is_draining), in place of one that was to be woken before. For a task
    /// that lasts as long as the connection: a future for each of the two would take more memory.
    ///
    /// What was so before does not wake it: look afterwards.
    ///
    /// ```
    /// use landspout_handler::Connection;
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let connection = Connection::new(None, None, false);
    /// let server = connection.clone();
    /// tokio::spawn(async move { server.mark_draining() });
    ///
    /// poll_fn(|cx| {
    ///     connection.wake_at_change(cx.waker());
    ///     if connection.is_draining() { Poll::Ready(()) } else { Poll::Pending }
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn wake_at_change(&self, task: &Waker) {
        if let Some(inner) = &self.0 {
            let changed = inner.changed.get_or_init(Box::default);
            let before =
                changed.task.lock().unwrap_or_else(PoisonError::into_inner).replace(task.clone());
            drop(before);
            // As in `reached`: of the two sides, one sees what the other did.
            fence(Ordering::SeqCst);
        }
    }

    /// Says that the other end has closed its side. For the server.
    pub fn mark_closed(&self) {
        self.mark(CLOSED);
    }

    /// Says that the server has begun to stop. For the server.
    pub fn mark_draining(&self) {
        self.mark(DRAINING);
    }

    fn has(&self, bit: u8) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.state.load(Ordering::Acquire) & bit != 0)
    }

    fn mark(&self, bit: u8) {
        if let Some(inner) = &self.0 {
            inner.state.fetch_or(bit, Ordering::Release);
            // Of whoever marks here and whoever begins to wait below, one sees what the other did.
            fence(Ordering::SeqCst);
            if let Some(changed) = inner.changed.get() {
                changed.futures.notify_waiters();
                let task = changed.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some(task) = task {
                    task.wake();
                }
            }
        }
    }

    async fn reached(&self, bit: u8) {
        let Some(inner) = &self.0 else { return std::future::pending().await };
        loop {
            // The notification is asked for before the state is read, so that none is missed.
            let changed = inner.changed.get_or_init(Box::default).futures.notified();
            fence(Ordering::SeqCst);
            if self.has(bit) {
                return;
            }
            changed.await;
        }
    }
}
