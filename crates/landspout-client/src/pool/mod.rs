//! Who may use which connection next.

mod host;
mod idle_line;
#[cfg(test)]
mod tests;

use crate::PoolStats;
use crate::moment::Moment;
use crate::route::{Route, RouteHasher};
use host::{Host, Idle, Shared, Turn};
use idle_line::IdleLine;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::time::Duration;

/// The pool's books: idle connections, connections in use, and who waits for one.
///
/// Nothing here does I/O or reads a clock. `C` is a connection, `W` is whoever waits.
///
/// - A host's idle connection that was used last is reused first, so that the others grow old and
///   are closed.
/// - Whoever has waited longest goes first. One whose host is full is passed over, until there is
///   room at that host.
/// - A connection that nobody may have because the total is reached is made room for by closing the
///   connection that has been idle longest.
/// - A shared connection takes requests as long as it has room; they need no place of their own.
#[derive(Debug)]
pub(crate) struct Pool<C, W> {
    limits: Limits,
    hosts: HashMap<Route, Host<C, W>, BuildHasherDefault<RouteHasher>>,
    /// Connections in use, whatever the number of requests on them.
    busy: usize,
    /// All idle connections, the one that has been idle longest first.
    idle: IdleLine,
    /// The first in line of each host that has room for a connection, the one that has waited
    /// longest first.
    turns: BTreeMap<u64, Route>,
    /// The first in line of each host that has a shared connection with room.
    shares: BTreeMap<u64, Route>,
    next_id: u64,
}

/// What the pool may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections, idle or in use; at least 1.
    pub(crate) total: usize,
    /// Connections to one host; at least 1.
    pub(crate) per_host: usize,
}

/// What can become useless while nobody looks.
pub(crate) trait Reusable: Sized {
    /// Whether it can still be used, as far as is known without asking the other side.
    fn is_open(&self) -> bool;

    /// A handle for one more request, where requests can share a connection.
    fn share(&self) -> Option<Self>;

    /// How many requests can share it.
    fn capacity(&self) -> usize;
}

/// The right to use one connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grant<C> {
    /// Use this one.
    Reuse(C),
    /// Use this one beside others; the number is for [`end_stream`](Pool::end_stream).
    Share(u64, C),
    /// Make a new one.
    Open,
}

impl<C: Reusable, W> Pool<C, W> {
    pub(crate) fn new(limits: Limits) -> Pool<C, W> {
        Pool {
            limits,
            hosts: HashMap::default(),
            busy: 0,
            idle: IdleLine::default(),
            turns: BTreeMap::new(),
            shares: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// A connection at once, if there is one and nobody else is before.
    pub(crate) fn try_take(&mut self, route: &Route, now: Moment) -> Option<Grant<C>> {
        if self.has_next() { None } else { self.take(route, now) }
    }

    /// Whether [`grant`](Pool::grant) may find somebody.
    pub(crate) fn has_next(&self) -> bool {
        !self.turns.is_empty() || !self.shares.is_empty()
    }

    /// Puts somebody at the end of the line; [`grant`](Pool::grant) calls on them. The number is for
    /// [`cancel`](Pool::cancel).
    pub(crate) fn wait(&mut self, route: &Route, waiter: W) -> u64 {
        let ticket = self.number();
        self.change(route, |host| drop(host.waiting.insert(ticket, waiter)));
        ticket
    }

    /// Takes somebody out of the line, if they are still in it.
    pub(crate) fn cancel(&mut self, route: &Route, ticket: u64) {
        self.change(route, |host| drop(host.waiting.remove(&ticket)));
    }

    /// The next in line who may have a connection now, and which. To be called after every change
    /// until it gives `None`.
    pub(crate) fn grant(&mut self, now: Moment) -> Option<(W, Route, Grant<C>)> {
        while let Some((&ticket, route)) = self.shares.first_key_value() {
            let route = route.clone();
            if let Some(grant) = self.take(&route, now) {
                return Some(self.call_on(ticket, route, grant));
            }
            // It has closed or filled up unseen: the host finds its place in the lines anew.
            self.change(&route, |_| {});
        }
        let (&ticket, route) = self.turns.first_key_value()?;
        let route = route.clone();
        let grant = self.take(&route, now)?;
        Some(self.call_on(ticket, route, grant))
    }

    /// Notes that a connection that was to be made is there, and serves one request at a time.
    pub(crate) fn opened_exclusive(&mut self, route: &Route) {
        self.change(route, |host| {
            host.opening -= 1;
            host.is_exclusive = true;
        });
    }

    /// Notes that a connection that was to be made is there, and can be shared. The number is for
    /// [`end_stream`](Pool::end_stream) of the request that it was made for.
    pub(crate) fn opened_shared(&mut self, route: &Route, connection: C) -> u64 {
        let id = self.number();
        self.change(route, |host| {
            host.opening -= 1;
            host.is_exclusive = false;
            host.shared.push(Shared { id, connection, streams: 1, idle: None });
        });
        id
    }

    /// Notes that a connection that was to be made was not.
    pub(crate) fn not_opened(&mut self, route: &Route) {
        self.busy -= 1;
        self.change(route, |host| {
            host.opening -= 1;
            host.busy -= 1;
        });
    }

    /// Takes back a connection that can be used again until the given time.
    pub(crate) fn give_back(&mut self, route: &Route, connection: C, until: Option<Moment>) {
        let id = self.number();
        self.idle.push(id, route.clone());
        self.busy -= 1;
        self.change(route, |host| {
            host.busy -= 1;
            host.idle.push(Idle { id, until, connection });
        });
    }

    /// Notes that a granted connection is no more.
    pub(crate) fn release(&mut self, route: &Route) {
        self.busy -= 1;
        self.change(route, |host| host.busy -= 1);
    }

    /// Notes that a request has left a shared connection. If it was the last one the connection is
    /// idle, and can be used until the given time.
    pub(crate) fn end_stream(&mut self, route: &Route, id: u64, until: Option<Moment>) {
        let number = self.number();
        let rests = self.change(route, |host| {
            let shared = host.find_shared(id)?;
            shared.streams -= 1;
            if shared.streams > 0 {
                return None;
            }
            let is_open = shared.connection.is_open();
            shared.idle = Some((number, until));
            host.busy -= 1;
            if !is_open {
                host.shared.retain(|shared| shared.id != id);
            }
            Some(is_open)
        });
        if let Some(is_open) = rests {
            self.busy -= 1;
            if is_open {
                self.idle.push(number, route.clone());
            }
        }
    }

    /// Closes idle connections that are too old or were closed by the other side, and tells when the
    /// next one will be too old.
    pub(crate) fn expire(&mut self, now: Moment) -> Option<Moment> {
        let idle = &mut self.idle;
        let next = self
            .hosts
            .values_mut()
            .filter_map(|host| host.expire(now, |number| idle.remove(number)))
            .min();
        self.hosts.retain(|_, host| !host.is_empty());
        next
    }

    /// What there is now.
    pub(crate) fn stats(&self) -> PoolStats {
        let hosts = self.hosts.values();
        let streams = hosts.clone().flat_map(|host| &host.shared).map(|shared| shared.streams);
        PoolStats {
            in_use: self.busy,
            idle: self.idle.len(),
            streams: streams.sum(),
            waiting: hosts.map(|host| host.waiting.len()).sum(),
        }
    }

    fn take(&mut self, route: &Route, now: Moment) -> Option<Grant<C>> {
        let Pool { limits, idle, hosts, busy, .. } = self;
        if let Some(host) = hosts.get_mut(route) {
            if let Some((grant, was_idle)) = host.take_stream(now, |number| idle.remove(number)) {
                if let Some(number) = was_idle {
                    idle.remove(number);
                    *busy += 1;
                }
                return Some(self.taken(route, grant));
            }
            if !host.has_room(route.multiplexes, limits.per_host) {
                return None;
            }
            if let Some(connection) = host.take_idle(now, |number| idle.remove(number)) {
                // Room that was there is taken: nobody's place in the lines is another.
                host.busy += 1;
                *busy += 1;
                return Some(Grant::Reuse(connection));
            }
        }
        let full = self.busy + self.idle.len() >= self.limits.total;
        if full && !self.evict() {
            self.change(route, |_| {});
            return None;
        }
        self.busy += 1;
        self.change(route, |host| {
            host.busy += 1;
            host.opening += 1;
        });
        Some(Grant::Open)
    }

    fn taken(&mut self, route: &Route, grant: Grant<C>) -> Grant<C> {
        self.change(route, |_| {});
        grant
    }

    fn call_on(&mut self, ticket: u64, route: Route, grant: Grant<C>) -> (W, Route, Grant<C>) {
        let waiter = self.change(&route, |host| host.waiting.remove(&ticket));
        (waiter.expect("whose turn it is waits"), route, grant)
    }

    /// Closes the connection that has been idle longest.
    fn evict(&mut self) -> bool {
        let Some((number, route)) = self.idle.pop_first() else { return false };
        self.change(&route, |host| {
            host.idle.retain(|entry| entry.id != number);
            host.shared.retain(|shared| shared.idle.is_none_or(|(idle, _)| idle != number));
        });
        true
    }

    /// Changes a host, brings its place in the lines up to date, and forgets it if there is nothing
    /// to know of it.
    fn change<T>(&mut self, route: &Route, change: impl FnOnce(&mut Host<C, W>) -> T) -> T {
        let host = match self.hosts.get_mut(route) {
            Some(host) => host,
            None => self.hosts.entry(route.clone()).or_default(),
        };
        let result = change(host);
        let turn = host.next_turn(route.multiplexes, self.limits.per_host);
        if turn != host.turn {
            match std::mem::replace(&mut host.turn, turn) {
                Some(Turn::Own(old)) => drop(self.turns.remove(&old)),
                Some(Turn::Share(old)) => drop(self.shares.remove(&old)),
                None => {}
            }
            match turn {
                Some(Turn::Own(new)) => drop(self.turns.insert(new, route.clone())),
                Some(Turn::Share(new)) => drop(self.shares.insert(new, route.clone())),
                None => {}
            }
        }
        if host.is_empty() {
            self.hosts.remove(route);
        }
        result
    }

    fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

impl Limits {
    /// Zero stands for no limit.
    pub(crate) fn new(total: usize, per_host: usize) -> Limits {
        let or_none = |limit| if limit == 0 { usize::MAX } else { limit };
        Limits { total: or_none(total), per_host: or_none(per_host) }
    }
}

/// How long a connection may be idle: as long as the client lets it, and a second less than the
/// server does, so that a request never meets a connection that the server is closing.
pub(crate) fn idle_time(own: Duration, server: Option<Duration>) -> Option<Duration> {
    let own = (!own.is_zero()).then_some(own);
    let server = server.map(|limit| limit.saturating_sub(Duration::from_secs(1)));
    match (own, server) {
        (Some(own), Some(server)) => Some(own.min(server)),
        (own, server) => own.or(server),
    }
}
