//! Who may use which connection next.

use crate::target::Origin;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

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
#[derive(Debug)]
pub(crate) struct Pool<C, W> {
    limits: Limits,
    hosts: HashMap<Origin, Host<C, W>>,
    in_use: usize,
    /// All idle connections, the one that has been idle longest first.
    idle: BTreeMap<u64, Origin>,
    /// The first in line of each host that has room, the one that has waited longest first.
    turns: BTreeMap<u64, Origin>,
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

#[derive(Debug)]
struct Host<C, W> {
    in_use: usize,
    /// The connection used last is last.
    idle: Vec<Idle<C>>,
    waiting: BTreeMap<u64, W>,
    /// Under which number this host stands in `Pool::turns`.
    turn: Option<u64>,
}

#[derive(Debug)]
struct Idle<C> {
    id: u64,
    /// When it is too old; `None` is never.
    until: Option<Instant>,
    connection: C,
}

/// What can become useless while nobody looks.
pub(crate) trait Reusable {
    /// Whether it can still be used, as far as is known without asking the other side.
    fn is_open(&self) -> bool;
}

/// The right to use one connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grant<C> {
    /// Use this one.
    Reuse(C),
    /// Make a new one.
    Open,
}

impl<C: Reusable, W> Pool<C, W> {
    pub(crate) fn new(limits: Limits) -> Pool<C, W> {
        Pool {
            limits,
            hosts: HashMap::new(),
            in_use: 0,
            idle: BTreeMap::new(),
            turns: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// A connection at once, if there is one and nobody else is before.
    pub(crate) fn try_take(&mut self, origin: &Origin, now: Instant) -> Option<Grant<C>> {
        if self.turns.is_empty() { self.take(origin, now) } else { None }
    }

    /// Puts somebody at the end of the line; [`grant`](Pool::grant) calls on them. The number is for
    /// [`cancel`](Pool::cancel).
    pub(crate) fn wait(&mut self, origin: &Origin, waiter: W) -> u64 {
        let ticket = self.number();
        self.host(origin).waiting.insert(ticket, waiter);
        self.settle(origin);
        ticket
    }

    /// Takes somebody out of the line, if they are still in it.
    pub(crate) fn cancel(&mut self, origin: &Origin, ticket: u64) {
        if let Some(host) = self.hosts.get_mut(origin) {
            host.waiting.remove(&ticket);
            self.settle(origin);
        }
    }

    /// The next in line who may have a connection now, and which. To be called after every change
    /// until it gives `None`.
    pub(crate) fn grant(&mut self, now: Instant) -> Option<(W, Origin, Grant<C>)> {
        let (&ticket, origin) = self.turns.first_key_value()?;
        let origin = origin.clone();
        let grant = self.take(&origin, now)?;
        let waiter = self.host(&origin).waiting.remove(&ticket);
        self.settle(&origin);
        Some((waiter.expect("whose turn it is waits"), origin, grant))
    }

    /// Takes back a connection that can be used again until the given time.
    pub(crate) fn give_back(&mut self, origin: &Origin, connection: C, until: Option<Instant>) {
        let id = self.number();
        self.idle.insert(id, origin.clone());
        self.host(origin).idle.push(Idle { id, until, connection });
        self.release(origin);
    }

    /// Notes that a granted connection is no more.
    pub(crate) fn release(&mut self, origin: &Origin) {
        self.in_use -= 1;
        self.host(origin).in_use -= 1;
        self.settle(origin);
    }

    /// Closes idle connections that are too old or were closed by the other side, and tells when the
    /// next one will be too old.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let idle = &mut self.idle;
        for host in self.hosts.values_mut() {
            host.idle.retain(|entry| {
                let keeps = entry.is_usable(now);
                if !keeps {
                    idle.remove(&entry.id);
                } else if let Some(until) = entry.until {
                    next = Some(next.map_or(until, |next| next.min(until)));
                }
                keeps
            });
        }
        self.hosts.retain(|_, host| !host.is_empty());
        next
    }

    /// How many connections are in use, and how many idle.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.in_use, self.idle.len())
    }

    fn take(&mut self, origin: &Origin, now: Instant) -> Option<Grant<C>> {
        let per_host = self.limits.per_host;
        let host = self.host(origin);
        if host.in_use >= per_host {
            return None;
        }
        while let Some(entry) = self.host(origin).idle.pop() {
            self.idle.remove(&entry.id);
            if entry.is_usable(now) {
                self.note_use(origin);
                return Some(Grant::Reuse(entry.connection));
            }
        }
        if self.in_use + self.idle.len() >= self.limits.total && !self.evict() {
            self.settle(origin);
            return None;
        }
        self.note_use(origin);
        Some(Grant::Open)
    }

    fn note_use(&mut self, origin: &Origin) {
        self.in_use += 1;
        self.host(origin).in_use += 1;
        self.settle(origin);
    }

    /// Closes the connection that has been idle longest.
    fn evict(&mut self) -> bool {
        let Some((id, origin)) = self.idle.pop_first() else { return false };
        self.host(&origin).idle.retain(|entry| entry.id != id);
        self.settle(&origin);
        true
    }

    /// Brings a host's place in `turns` up to date, and forgets a host of which there is nothing to
    /// know.
    fn settle(&mut self, origin: &Origin) {
        let Some(host) = self.hosts.get_mut(origin) else { return };
        let has_room = host.in_use < self.limits.per_host;
        let turn = host.waiting.keys().next().copied().filter(|_| has_room);
        if turn != host.turn {
            if let Some(old) = std::mem::replace(&mut host.turn, turn) {
                self.turns.remove(&old);
            }
            if let Some(new) = turn {
                self.turns.insert(new, origin.clone());
            }
        }
        if host.is_empty() {
            self.hosts.remove(origin);
        }
    }

    fn host(&mut self, origin: &Origin) -> &mut Host<C, W> {
        self.hosts.entry(origin.clone()).or_default()
    }

    fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

impl<C, W> Host<C, W> {
    fn is_empty(&self) -> bool {
        self.in_use == 0 && self.idle.is_empty() && self.waiting.is_empty()
    }
}

impl<C, W> Default for Host<C, W> {
    fn default() -> Host<C, W> {
        Host { in_use: 0, idle: Vec::new(), waiting: BTreeMap::new(), turn: None }
    }
}

impl<C: Reusable> Idle<C> {
    fn is_usable(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until) && self.connection.is_open()
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
