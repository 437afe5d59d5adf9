//! The pool against a plain list.

use super::{Grant, IdleLine, Limits, Pool, Reusable, idle_time};
use crate::ClientConfig;
use crate::moment::Moment;
use crate::route::Route;
use crate::target::Target;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// A connection that is known by its number, and is open if that is even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbered(u32);

impl Reusable for Numbered {
    fn is_open(&self) -> bool {
        self.0.is_multiple_of(2)
    }

    fn share(&self) -> Option<Numbered> {
        Some(*self)
    }

    fn capacity(&self) -> usize {
        3
    }
}

type TestPool = Pool<Numbered, u32>;

fn route(host: usize) -> Route {
    let origin = Target::parse(&format!("http://host{host}/")).unwrap().origin;
    Route::new(&origin, &None, &ClientConfig::default())
}

fn busy_and_idle(pool: &TestPool) -> (usize, usize) {
    let stats = pool.stats();
    (stats.in_use, stats.idle)
}

fn pool(total: usize, per_host: usize) -> (TestPool, Moment) {
    (Pool::new(Limits::new(total, per_host)), Moment::now())
}

#[test]
fn the_connection_used_last_is_reused_first() {
    let (mut pool, now) = pool(5, 5);
    for number in [2, 4, 6] {
        assert_eq!(pool.try_take(&route(0), now), Some(Grant::Open), "{number}");
    }
    for number in [2, 4, 6] {
        pool.give_back(&route(0), Numbered(number), None);
    }
    assert_eq!(pool.try_take(&route(0), now), Some(Grant::Reuse(Numbered(6))));
    assert_eq!(pool.try_take(&route(0), now), Some(Grant::Reuse(Numbered(4))));
    assert_eq!(busy_and_idle(&pool), (2, 1));
}

#[test]
fn what_is_too_old_or_closed_is_not_reused() {
    let (mut pool, now) = pool(5, 5);
    let soon = now + Duration::from_secs(1);
    for _ in 0..3 {
        pool.try_take(&route(0), now);
    }
    pool.give_back(&route(0), Numbered(2), Some(soon));
    pool.give_back(&route(0), Numbered(3), None);
    assert_eq!(pool.expire(now), Some(soon));
    assert_eq!(busy_and_idle(&pool), (1, 1));
    assert_eq!(pool.try_take(&route(0), soon), Some(Grant::Open));
    assert_eq!(busy_and_idle(&pool), (2, 0));
    assert_eq!(pool.expire(soon), None);
}

#[test]
fn nothing_is_remembered_of_a_host_without_connections() {
    let (mut pool, now) = pool(2, 1);
    for host in 0..9 {
        pool.try_take(&route(host), now).unwrap();
        pool.release(&route(host));
    }
    pool.try_take(&route(0), now);
    let ticket = pool.wait(&route(0), 1);
    pool.cancel(&route(0), ticket);
    pool.release(&route(0));
    assert!(pool.hosts.is_empty() && pool.turns.is_empty() && pool.idle.len() == 0);
}

#[test]
fn a_full_host_does_not_hold_up_the_others() {
    let (mut pool, now) = pool(3, 1);
    pool.try_take(&route(0), now).unwrap();
    pool.wait(&route(0), 10);
    assert_eq!(pool.try_take(&route(1), now), Some(Grant::Open));
    pool.wait(&route(0), 11);
    assert_eq!(pool.grant(now), None);
    pool.release(&route(0));
    assert_eq!(pool.grant(now), Some((10, route(0), Grant::Open)));
    assert_eq!(pool.grant(now), None);
}

/// A route whose connections may turn out to be shared.
fn shared_route(host: usize) -> Route {
    let mut route = route(host);
    route.multiplexes = true;
    route
}

#[test]
fn a_shared_connection_that_is_too_old_is_not_waited_for() {
    let (mut pool, now) = pool(9, 1);
    let (route, soon) = (shared_route(0), now + Duration::from_secs(1));
    pool.try_take(&route, now).unwrap();
    let old = pool.opened_shared(&route, Numbered(2));
    pool.end_stream(&route, old, Some(soon));
    // Nobody has looked whether it has expired.
    assert_eq!(pool.try_take(&route, soon), Some(Grant::Open));
    pool.opened_shared(&route, Numbered(4));
    for _ in 0..2 {
        assert!(matches!(pool.try_take(&route, soon), Some(Grant::Share(_, Numbered(4)))));
    }
    pool.wait(&route, 1);
    assert_eq!(pool.grant(soon), None);
    assert_eq!(busy_and_idle(&pool), (1, 0));
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
                    tickets.insert(number, pool.wait(&route(host), number));
                    model.line.push((host, number));
                }
                Op::GiveBack(host) if model.free(host) => {
                    pool.give_back(&route(host), Numbered(number), None);
                    model.idle.push((host, number));
                }
                Op::Release(host) if model.free(host) => pool.release(&route(host)),
                Op::Cancel(index) if !model.line.is_empty() => {
                    let (host, number) = model.line.remove(index.index(model.line.len()));
                    pool.cancel(&route(host), tickets[&number]);
                }
                _ => {}
            }
            loop {
                let granted = pool.grant(now).map(|(waiter, route, grant)| match grant {
                    Grant::Reuse(connection) => (waiter, route, Some(connection.0)),
                    Grant::Open => (waiter, route, None),
                    Grant::Share(..) => unreachable!("nothing is shared here"),
                });
                let expected = model.grant(total, per_host);
                let expected = expected.map(|(waiter, host, use_)| (waiter, route(host), use_));
                prop_assert_eq!(&granted, &expected);
                if granted.is_none() {
                    break;
                }
            }
            prop_assert_eq!(busy_and_idle(&pool), (model.in_use.len(), model.idle.len()));
            let (in_use, idle) = busy_and_idle(&pool);
            prop_assert!(in_use + idle <= total);
        }
    }
}

proptest! {
    /// The line of idle connections is a map from rising numbers, of which the least goes first.
    #[test]
    fn idle_connections_stand_in_line(steps in prop::collection::vec((0..3_u8, 0..40_u64), 0..200)) {
        let (mut line, mut model, mut next) = (IdleLine::default(), BTreeMap::new(), 0);
        for (step, number) in steps {
            match step {
                0 => {
                    next += 1;
                    line.push(next, route(number as usize));
                    model.insert(next, route(number as usize));
                }
                1 => {
                    let number = next.saturating_sub(number);
                    line.remove(number);
                    model.remove(&number);
                }
                _ => prop_assert_eq!(line.pop_first(), model.pop_first()),
            }
            prop_assert_eq!(line.len(), model.len());
        }
    }
}
