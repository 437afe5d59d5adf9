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
        self.change(origin, |host| drop(host.waiting.insert(ticket, waiter)));
        ticket
    }

    /// Takes somebody out of the line, if they are still in it.
    pub(crate) fn cancel(&mut self, origin: &Origin, ticket: u64) {
        self.change(origin, |host| drop(host.waiting.remove(&ticket)));
    }

    /// The next in line who may have a connection now, and which. To be called after every change
    /// until it gives `None`.
    pub(crate) fn grant(&mut self, now: Instant) -> Option<(W, Origin, Grant<C>)> {
        let (&ticket, origin) = self.turns.first_key_value()?;
        let origin = origin.clone();
        let grant = self.take(&origin, now)?;
        let waiter = self.change(&origin, |host| host.waiting.remove(&ticket));
        Some((waiter.expect("whose turn it is waits"), origin, grant))
    }

    /// Takes back a connection that can be used again until the given time.
    pub(crate) fn give_back(&mut self, origin: &Origin, connection: C, until: Option<Instant>) {
        let id = self.number();
        self.idle.insert(id, origin.clone());
        self.in_use -= 1;
        self.change(origin, |host| {
            host.in_use -= 1;
            host.idle.push(Idle { id, until, connection });
        });
    }

    /// Notes that a granted connection is no more.
    pub(crate) fn release(&mut self, origin: &Origin) {
        self.in_use -= 1;
        self.change(origin, |host| host.in_use -= 1);
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
        let reused = match self.hosts.get_mut(origin) {
            Some(host) if host.in_use >= self.limits.per_host => return None,
            Some(host) => host.take_idle(&mut self.idle, now),
            None => None,
        };
        let full = self.in_use + self.idle.len() >= self.limits.total;
        if reused.is_none() && full && !self.evict() {
            self.change(origin, |_| {});
            return None;
        }
        self.in_use += 1;
        self.change(origin, |host| host.in_use += 1);
        Some(reused.map_or(Grant::Open, Grant::Reuse))
    }

    /// Closes the connection that has been idle longest.
    fn evict(&mut self) -> bool {
        let Some((id, origin)) = self.idle.pop_first() else { return false };
        self.change(&origin, |host| host.idle.retain(|entry| entry.id != id));
        true
    }

    /// Changes a host, brings its place in `turns` up to date, and forgets it if there is nothing to
    /// know of it.
    fn change<T>(&mut self, origin: &Origin, change: impl FnOnce(&mut Host<C, W>) -> T) -> T {
        let host = self.hosts.entry(origin.clone()).or_default();
        let result = change(host);
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
        result
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

impl<C: Reusable, W> Host<C, W> {
    /// The idle connection used last that is still usable, and throws away those above it; `all`
    /// are those of the whole pool.
    fn take_idle(&mut self, all: &mut BTreeMap<u64, Origin>, now: Instant) -> Option<C> {
        while let Some(entry) = self.idle.pop() {
            all.remove(&entry.id);
            if entry.is_usable(now) {
                return Some(entry.connection);
            }
        }
        None
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

#[cfg(test)]
mod tests {
    use super::{Grant, Limits, Pool, Reusable, idle_time};
    use crate::target::{Origin, Target};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// A connection that is known by its number, and is open if that is even.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Numbered(u32);

    impl Reusable for Numbered {
        fn is_open(&self) -> bool {
            self.0.is_multiple_of(2)
        }
    }

    type TestPool = Pool<Numbered, u32>;

    fn origin(host: usize) -> Origin {
        Target::parse(&format!("http://host{host}/")).unwrap().origin
    }

    fn pool(total: usize, per_host: usize) -> (TestPool, Instant) {
        (Pool::new(Limits::new(total, per_host)), Instant::now())
    }

    #[test]
    fn the_connection_used_last_is_reused_first() {
        let (mut pool, now) = pool(5, 5);
        for number in [2, 4, 6] {
            assert_eq!(pool.try_take(&origin(0), now), Some(Grant::Open), "{number}");
        }
        for number in [2, 4, 6] {
            pool.give_back(&origin(0), Numbered(number), None);
        }
        assert_eq!(pool.try_take(&origin(0), now), Some(Grant::Reuse(Numbered(6))));
        assert_eq!(pool.try_take(&origin(0), now), Some(Grant::Reuse(Numbered(4))));
        assert_eq!(pool.counts(), (2, 1));
    }

    #[test]
    fn what_is_too_old_or_closed_is_not_reused() {
        let (mut pool, now) = pool(5, 5);
        let soon = now + Duration::from_secs(1);
        for _ in 0..3 {
            pool.try_take(&origin(0), now);
        }
        pool.give_back(&origin(0), Numbered(2), Some(soon));
        pool.give_back(&origin(0), Numbered(3), None);
        assert_eq!(pool.expire(now), Some(soon));
        assert_eq!(pool.counts(), (1, 1));
        assert_eq!(pool.try_take(&origin(0), soon), Some(Grant::Open));
        assert_eq!(pool.counts(), (2, 0));
        assert_eq!(pool.expire(soon), None);
    }

    #[test]
    fn nothing_is_remembered_of_a_host_without_connections() {
        let (mut pool, now) = pool(2, 1);
        for host in 0..9 {
            pool.try_take(&origin(host), now).unwrap();
            pool.release(&origin(host));
        }
        pool.try_take(&origin(0), now);
        let ticket = pool.wait(&origin(0), 1);
        pool.cancel(&origin(0), ticket);
        pool.release(&origin(0));
        assert!(pool.hosts.is_empty() && pool.turns.is_empty() && pool.idle.is_empty());
    }

    #[test]
    fn a_full_host_does_not_hold_up_the_others() {
        let (mut pool, now) = pool(3, 1);
        pool.try_take(&origin(0), now).unwrap();
        pool.wait(&origin(0), 10);
        assert_eq!(pool.try_take(&origin(1), now), Some(Grant::Open));
        pool.wait(&origin(0), 11);
        assert_eq!(pool.grant(now), None);
        pool.release(&origin(0));
        assert_eq!(pool.grant(now), Some((10, origin(0), Grant::Open)));
        assert_eq!(pool.grant(now), None);
    }

    #[test]
    fn the_shorter_idle_time_counts() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(idle_time(Duration::from_secs(9), None), seconds(9));
        assert_eq!(idle_time(Duration::from_secs(9), seconds(5)), seconds(4));
        assert_eq!(idle_time(Duration::from_secs(3), seconds(5)), seconds(3));
        assert_eq!(idle_time(Duration::ZERO, seconds(5)), seconds(4));
        assert_eq!(idle_time(Duration::ZERO, seconds(0)), seconds(0));
        assert_eq!(idle_time(Duration::ZERO, None), None);
    }

    /// The same rules, by looking at everything each time.
    #[derive(Default)]
    struct Model {
        in_use: Vec<usize>,
        idle: Vec<(usize, u32)>,
        line: Vec<(usize, u32)>,
    }

    impl Model {
        fn grant(&mut self, total: usize, per_host: usize) -> Option<(u32, usize, Option<u32>)> {
            let used = |host| self.in_use.iter().filter(|&&other| other == host).count();
            let next = self.line.iter().position(|&(host, _)| used(host) < per_host)?;
            let host = self.line[next].0;
            while let Some(last) = self.idle.iter().rposition(|&(other, _)| other == host) {
                let (_, number) = self.idle.remove(last);
                if Numbered(number).is_open() {
                    self.in_use.push(host);
                    return Some((self.line.remove(next).1, host, Some(number)));
                }
            }
            if self.in_use.len() + self.idle.len() >= total {
                if self.idle.is_empty() {
                    return None;
                }
                self.idle.remove(0);
            }
            self.in_use.push(host);
            Some((self.line.remove(next).1, host, None))
        }

        fn free(&mut self, host: usize) -> bool {
            let index = self.in_use.iter().position(|&other| other == host);
            index.map(|index| self.in_use.remove(index)).is_some()
        }
    }

    #[derive(Debug, Clone)]
    enum Op {
        Wait(usize),
        GiveBack(usize),
        Release(usize),
        Cancel(prop::sample::Index),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..4_usize).prop_map(Op::Wait),
            2 => (0..4_usize).prop_map(Op::GiveBack),
            1 => (0..4_usize).prop_map(Op::Release),
            1 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        ]
    }

    proptest! {
        #[test]
        fn it_grants_what_a_plain_list_would(
            total in 1..6_usize,
            per_host in 1..4_usize,
            ops in prop::collection::vec(op(), 0..80),
        ) {
            let (mut pool, now) = pool(total, per_host);
            let mut model = Model::default();
            let mut tickets = std::collections::HashMap::new();
            for (number, op) in ops.into_iter().enumerate() {
                let number = u32::try_from(number).unwrap();
                match op {
                    Op::Wait(host) => {
                        tickets.insert(number, pool.wait(&origin(host), number));
                        model.line.push((host, number));
                    }
                    Op::GiveBack(host) if model.free(host) => {
                        pool.give_back(&origin(host), Numbered(number), None);
                        model.idle.push((host, number));
                    }
                    Op::Release(host) if model.free(host) => pool.release(&origin(host)),
                    Op::Cancel(index) if !model.line.is_empty() => {
                        let (host, number) = model.line.remove(index.index(model.line.len()));
                        pool.cancel(&origin(host), tickets[&number]);
                    }
                    _ => {}
                }
                loop {
                    let granted = pool.grant(now).map(|(waiter, origin, grant)| match grant {
                        Grant::Reuse(connection) => (waiter, origin, Some(connection.0)),
                        Grant::Open => (waiter, origin, None),
                    });
                    let expected = model.grant(total, per_host);
                    let expected = expected.map(|(waiter, host, use_)| (waiter, origin(host), use_));
                    prop_assert_eq!(&granted, &expected);
                    if granted.is_none() {
                        break;
                    }
                }
                prop_assert_eq!(pool.counts(), (model.in_use.len(), model.idle.len()));
                prop_assert!(pool.counts().0 + pool.counts().1 <= total);
            }
        }
    }
}
