//! A place in the pool, held for as long as a request needs its connection.

use crate::connection::Connection;
use crate::moment::Moment;
use crate::pool::{Grant, Limits, Pool, Reusable, idle_time};
use crate::route::Route;
use crate::{ClientConfig, PoolStats};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout};

/// How long a connection may take to become ready again after its answer was read: an upload that
/// the server did not wait for may still be going out.
const SETTLE: Duration = Duration::from_secs(1);

/// The reaper looks at all idle connections each time; it does so no more often than this.
const REAP_PAUSE: Duration = Duration::from_secs(1);

/// The [`Pool`] with what it needs to run: a lock, a clock, and a task that closes old connections.
#[derive(Debug, Clone)]
pub(crate) struct Leases(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    idle_timeout: Duration,
    keep_alive: bool,
}

#[derive(Debug)]
struct State {
    pool: Pool<Connection, oneshot::Sender<Lease>>,
    /// Whether a [`Reaper`] is at work.
    reaping: bool,
}

/// A place in the pool, and the connection that was made or reused for it. Dropping it closes the
/// connection and frees the place.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<Shared>,
    route: Route,
    pub(crate) connection: Option<Connection>,
    hold: Hold,
}

/// What a lease holds of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// The place of a connection that is to be made.
    Opening,
    /// A connection.
    Connection,
    /// A stream of the shared connection of this number.
    Stream(u64),
    /// Nothing any more.
    Nothing,
}

impl Leases {
    pub(crate) fn new(config: &ClientConfig) -> Leases {
        let limits = Limits::new(config.max_connections, config.max_connections_per_host);
        let state = Mutex::new(State { pool: Pool::new(limits), reaping: false });
        let ClientConfig { idle_timeout, keep_alive, .. } = *config;
        Leases(Arc::new(Shared { state, idle_timeout, keep_alive }))
    }

    /// A place at once, if there is one and nobody else is before.
    pub(crate) fn try_acquire(&self, route: &Route, now: Moment) -> Option<Lease> {
        let grant = self.0.lock().pool.try_take(route, now)?;
        Some(Lease::new(&self.0, route.clone(), grant))
    }

    /// Waits for a place; its connection is one that is to be used again, or is to be made.
    ///
    /// # Cancel safety
    /// Safe: whoever stops waiting leaves the line.
    pub(crate) async fn acquire(&self, route: &Route) -> Lease {
        let waiting = {
            let mut state = self.0.lock();
            if let Some(grant) = state.pool.try_take(route, Moment::now()) {
                return Lease::new(&self.0, route.clone(), grant);
            }
            let (sender, receiver) = oneshot::channel();
            let ticket = state.pool.wait(route, sender);
            Waiting { shared: &self.0, route, ticket: Some(ticket), receiver }
        };
        self.0.call_next();
        waiting.lease().await
    }

    /// What the pool holds now.
    pub(crate) fn stats(&self) -> PoolStats {
        self.0.lock().pool.stats()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out what can be handed out. A lease whose receiver has just left comes back by being
    /// dropped, which is why the lock is not held then.
    fn call_next(self: &Arc<Shared>) {
        loop {
            let mut state = self.lock();
            if !state.pool.has_next() {
                return;
            }
            let granted = state.pool.grant(Moment::now());
            drop(state);
            let Some((sender, route, grant)) = granted else { return };
            drop(sender.send(Lease::new(self, route, grant)));
        }
    }

    /// Takes back what has been idle since then, for `idle` at the most.
    fn rest(
        self: &Arc<Shared>,
        (since, idle): (Moment, Option<Duration>),
        give: impl FnOnce(&mut Pool<Connection, oneshot::Sender<Lease>>, Option<Moment>),
    ) {
        // A server may name a time beyond all clocks.
        let until = idle.and_then(|idle| since.checked_add(idle));
        let (starts_reaper, has_next) = {
            let mut state = self.lock();
            give(&mut state.pool, until);
            let starts_reaper = until.is_some() && !std::mem::replace(&mut state.reaping, true);
            (starts_reaper, state.pool.has_next())
        };
        if has_next {
            self.call_next();
        }
        if starts_reaper {
            let reaper = Reaper(Arc::downgrade(self));
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(reaper.run())),
                Err(_) => drop(reaper),
            }
        }
    }
}

impl Lease {
    fn new(shared: &Arc<Shared>, route: Route, grant: Grant<Connection>) -> Lease {
        let (connection, hold) = match grant {
            Grant::Reuse(connection) => (Some(connection), Hold::Connection),
            Grant::Share(id, connection) => (Some(connection), Hold::Stream(id)),
            Grant::Open => (None, Hold::Opening),
        };
        Lease { shared: Arc::clone(shared), route, connection, hold }
    }

    /// Whether the connection carries other requests too.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.hold, Hold::Stream(_))
    }

    /// Takes the connection that was made for this lease, in place of any that it had. One that can
    /// be shared is, with those who wait too.
    pub(crate) fn open(&mut self, connection: Connection) -> &mut Connection {
        if self.hold == Hold::Opening {
            let shared = self.route.multiplexes.then(|| connection.share()).flatten();
            let mut state = self.shared.lock();
            self.hold = match shared {
                Some(shared) => Hold::Stream(state.pool.opened_shared(&self.route, shared)),
                None => {
                    state.pool.opened_exclusive(&self.route);
                    Hold::Connection
                }
            };
            drop(state);
            if self.route.multiplexes {
                self.shared.call_next();
            }
        }
        self.connection.insert(connection)
    }

    /// Gives the connection to whoever is next, once it is ready for another request. `server` is
    /// how long the server says it keeps idle connections.
    pub(crate) fn give_back(mut self, server: Option<Duration>) {
        if self.is_shared() {
            return;
        }
        let idle = idle_time(self.shared.idle_timeout, server);
        match &self.connection {
            _ if !self.shared.keep_alive => return,
            Some(connection) if connection.is_ready() => {}
            Some(connection) if connection.is_open() => {
                if let Ok(runtime) = Handle::try_current() {
                    runtime.spawn(self.give_back_when_ready(idle));
                }
                return;
            }
            _ => return,
        }
        if let Some(connection) = self.connection.take() {
            self.into_pool(connection, idle);
        }
    }

    async fn give_back_when_ready(mut self, idle: Option<Duration>) {
        let Some(mut connection) = self.connection.take() else { return };
        if timeout(SETTLE, connection.ready()).await == Ok(true) {
            self.into_pool(connection, idle);
        }
    }

    fn into_pool(mut self, connection: Connection, idle: Option<Duration>) {
        self.hold = Hold::Nothing;
        // The server counts from its last byte too.
        let since = connection.wire().heard().unwrap_or_else(Moment::now);
        let route = &self.route;
        self.shared.rest((since, idle), |pool, until| pool.give_back(route, connection, until));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let route = &self.route;
        match self.hold {
            Hold::Nothing => return,
            Hold::Stream(id) => {
                let idle = idle_time(self.shared.idle_timeout, None);
                // The handle goes before the stream's end is noted, so that it is not the one that
                // keeps a connection which the pool closes.
                self.connection = None;
                let rest = (Moment::now(), idle);
                self.shared.rest(rest, |pool, until| pool.end_stream(route, id, until));
                return;
            }
            Hold::Opening => self.shared.lock().pool.not_opened(route),
            Hold::Connection => self.shared.lock().pool.release(route),
        }
        self.shared.call_next();
    }
}

/// Somebody in line; leaves it when dropped.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    route: &'a Route,
    /// `None` when it was called.
    ticket: Option<u64>,
    receiver: oneshot::Receiver<Lease>,
}

impl Waiting<'_> {
    async fn lease(mut self) -> Lease {
        let lease = (&mut self.receiver).await;
        self.ticket = None;
        lease.expect("the pool outlives those who wait, and answers them")
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.lock().pool.cancel(self.route, ticket);
            self.shared.call_next();
        }
    }
}

/// Closes idle connections when their time is up. It ends when there are none, when the client is
/// gone, or with its runtime.
struct Reaper(Weak<Shared>);

impl Reaper {
    async fn run(self) {
        while let Some(next) = self.reap() {
            let pause = Moment::now() + REAP_PAUSE;
            sleep_until(pause.max(next).instant()).await;
        }
    }

    fn reap(&self) -> Option<Moment> {
        let shared = self.0.upgrade()?;
        let next = {
            let mut state = shared.lock();
            let next = state.pool.expire(Moment::now());
            // Said under the lock, so that whoever gives back the next connection starts another.
            state.reaping = next.is_some();
            next
        };
        shared.call_next();
        next
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.lock().reaping = false;
        }
    }
}

impl Reusable for Connection {
    fn is_open(&self) -> bool {
        Connection::is_open(self)
    }

    fn share(&self) -> Option<Connection> {
        Connection::share(self)
    }

    fn capacity(&self) -> usize {
        Connection::capacity(self)
    }
}
