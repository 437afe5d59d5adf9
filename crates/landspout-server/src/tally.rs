//! What one loop has counted.
#![cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "only metrics read it"))]

use crate::log::Record;
use http::Method;
use landspout_handler::Route;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The upper bounds of the latency histogram, in seconds; one bucket more is for the rest.
pub(crate) const BOUNDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How many routes are told apart. An application has far fewer; one that makes a route for each
/// request is not to fill the memory.
const MOST_ROUTES: usize = 1000;

/// Counts of one server. Its loop alone writes; whoever scrapes reads.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: Count,
    pub(crate) closed: Count,
    pub(crate) begun: Count,
    pub(crate) ended: Count,
    pub(crate) received: Count,
    pub(crate) sent: Count,
    /// By the address of the route, which the value keeps from being used again. A tree, because a
    /// good hash costs more than the few steps to one of some dozens.
    routes: Mutex<BTreeMap<usize, RouteTally>>,
}

/// A counter with one writer: a load and a store, no locked instruction.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, by: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of one route.
#[derive(Debug, Default, Clone)]
pub(crate) struct RouteTally {
    pub(crate) route: Option<Arc<Route>>,
    /// Requests by method and status, of which a route has few.
    pub(crate) requests: Vec<((&'static str, u16), u64)>,
    /// How many requests fell into each bucket.
    pub(crate) latency: [u64; BOUNDS.len() + 1],
    pub(crate) seconds: f64,
}

impl Tally {
    /// Counts a request that has ended.
    pub(crate) fn end(&self, record: &Record) {
        self.ended.add(1);
        self.sent.add(record.bytes);
        let seconds = record.started.elapsed().as_secs_f64();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = record.route.as_ref().map_or(0, |route| Arc::as_ptr(route).addr());
        if routes.len() >= MOST_ROUTES && !routes.contains_key(&key) {
            key = 0;
        }
        let tally = routes.entry(key).or_insert_with(|| RouteTally {
            route: record.route.clone().filter(|_| key != 0),
            ..RouteTally::default()
        });
        // 499 is for a client that left before its answer, as in the access log.
        let status = record.status.map_or(499, |status| status.as_u16());
        tally.count(method(&record.method), status, seconds);
    }

    pub(crate) fn routes(&self) -> Vec<RouteTally> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.values().cloned().collect()
    }
}

impl RouteTally {
    /// Adds the counts of the same route on another loop.
    pub(crate) fn add(&mut self, other: &RouteTally) {
        for ((method, status), count) in &other.requests {
            match self.requests.iter_mut().find(|(key, _)| *key == (*method, *status)) {
                Some((_, sum)) => *sum += count,
                None => self.requests.push(((method, *status), *count)),
            }
        }
        self.latency.iter_mut().zip(other.latency).for_each(|(sum, count)| *sum += count);
        self.seconds += other.seconds;
    }

    fn count(&mut self, method: &'static str, status: u16, seconds: f64) {
        match self.requests.iter_mut().find(|(key, _)| *key == (method, status)) {
            Some((_, count)) => *count += 1,
            None => self.requests.push(((method, status), 1)),
        }
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.latency[bucket] += 1;
        self.seconds += seconds;
    }
}

/// The method, or `other` for one that a client made up.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
