//! The connections of one server, and what they share.

use crate::addresses::{Addresses, Place};
use crate::balance::Seat;
use crate::deadline::{Clock, Limits, TICK};
use crate::handlings::Handlings;
use crate::hosts::Hosts;
use crate::link::Link;
use crate::log::Observer;
use crate::parking::Parking;
use crate::refusals::{RefusalLog, Refusals};
use crate::upgraded::Open;
use crate::{DrainReport, ServerConfig};
use landspout_handler::Connection;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How much is read at once from a client that is no longer listened to.
const READ_LEN: usize = 64 << 10;

/// How many bytes of small answers are collected before they are written.
pub(crate) const BATCH_LEN: usize = 16 << 10;

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Serving,
    /// Nobody new comes in; requests that were on their way are taken.
    Grace,
    /// A connection without a request is closed.
    Finishing,
    /// Every connection is closed.
    Cutting,
}

/// One loop's connections.
///
/// Nothing here is shared with another loop, so cells suffice. The two buffers are used within one
/// poll of one connection and are empty between polls: a connection that waits owns neither.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(crate) config: ServerConfig,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) hosts: Hosts,
    pub(crate) addresses: Rc<Addresses>,
    /// Handlers that have not answered yet, if there is a limit for them.
    pub(crate) handlings: Handlings,
    /// Requests that are being answered.
    pub(crate) in_flight: Cell<usize>,
    pub(crate) refusals: RefusalLog,
    pub(crate) parking: Parking,
    stage: Cell<Stage>,
    entries: RefCell<Slab<Entry>>,
    ticking: Cell<bool>,
    /// Who waits for the last connection to end.
    emptied: RefCell<Option<Waker>>,
    advanced: Notify,
    /// Where bytes land that nobody wants.
    pub(crate) scratch: RefCell<Box<[u8]>>,
    /// What the connection that is being polled has read of heads, until its poll ends.
    pub(crate) heads: RefCell<Vec<u8>>,
    /// What the connection that is being polled writes, until its poll ends.
    pub(crate) batch: RefCell<Vec<u8>>,
    pub(crate) observer: Rc<Observer>,
}

#[derive(Debug)]
enum Entry {
    /// Its first request cannot be read yet.
    Opening,
    Http(Rc<Link>),
    /// In a box, so that the others have no room for it.
    Upgraded(Box<Left>),
}

/// What is known of a connection that was handed over.
#[derive(Debug)]
struct Left {
    open: Open,
    connection: Connection,
    _right: Option<Box<Right>>,
}

/// What a connection may be there by, given back when it ends.
#[derive(Debug)]
struct Right {
    _place: Option<Place>,
    _seat: Option<Seat>,
}

impl Connections {
    pub(crate) fn new(
        config: ServerConfig,
        refusals: Refusals,
        observer: Rc<Observer>,
    ) -> Rc<Connections> {
        Rc::new(Connections {
            limits: Limits::of(&config),
            hosts: Hosts::new(&config.hosts),
            addresses: Rc::default(),
            handlings: Handlings::default(),
            in_flight: Cell::new(0),
            config,
            clock: Clock::start(),
            refusals: RefusalLog::new(refusals),
            parking: Parking::default(),
            stage: Cell::new(Stage::Serving),
            entries: RefCell::default(),
            ticking: Cell::new(false),
            emptied: RefCell::default(),
            advanced: Notify::new(),
            heads: RefCell::default(),
            scratch: RefCell::new(vec![0; READ_LEN].into_boxed_slice()),
            batch: RefCell::new(Vec::with_capacity(BATCH_LEN)),
            observer,
        })
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Adds a connection that is being opened; it leaves when the value is dropped.
    /// `place` is its place among those of its client, `seat` the one on this loop.
    pub(crate) fn enter(self: &Rc<Self>, place: Option<Place>, seat: Option<Seat>) -> Membership {
        self.keep_time();
        if let Some(tally) = &self.observer.tally {
            tally.accepted.add(1);
        }
        let key = self.entries.borrow_mut().insert(Entry::Opening);
        let right = place.is_some() || seat.is_some();
        let right = right.then(|| Box::new(Right { _place: place, _seat: seat }));
        Membership { connections: self.clone(), key: Some(key), right }
    }

    fn leave(&self, key: usize) {
        let left = self.entries.borrow_mut().try_remove(key);
        if let (Some(_), Some(tally)) = (&left, &self.observer.tally) {
            tally.closed.add(1);
        }
        drop(left);
        if self.len() == 0 {
            self.observer.flush();
            if let Some(waker) = self.emptied.take() {
                waker.wake();
            }
        }
    }

    /// Runs the ticker while there are connections.
    fn keep_time(self: &Rc<Self>) {
        self.clock.update();
        if !self.ticking.replace(true) {
            spawn_local(tick_while_open(Rc::downgrade(self)));
        }
    }

    /// Looks at every connection; false when none is left.
    fn tick(&self) -> bool {
        self.clock.update();
        self.refusals.tick(self.clock.second());
        if let Some(limit) = self.limits.handler {
            self.handlings.wake_over(limit, self.clock.now());
        }
        let mut closed = Vec::new();
        for (key, entry) in self.entries.borrow().iter() {
            match entry {
                Entry::Http(link) => link.tick(),
                Entry::Upgraded(left) if left.open.is_last() => closed.push(key),
                Entry::Opening | Entry::Upgraded(_) => {}
            }
        }
        for key in closed {
            self.leave(key);
        }
        let open = self.len() > 0;
        self.ticking.set(open);
        open
    }

    /// Ends all connections: those with a request when it is answered, or at the deadline.
    pub(crate) async fn drain(&self) -> DrainReport {
        let open = self.len();
        let deadline = self.config.drain_timeout;
        let grace = self.config.drain_grace.min(deadline);
        self.advance(Stage::Grace);
        if !self.empty_within(grace).await {
            self.advance(Stage::Finishing);
            self.empty_within(deadline - grace).await;
        }
        let left = self.len();
        let upgraded = self.count_upgraded();
        self.cut();
        DrainReport { finished: open.saturating_sub(left), cut: left - upgraded, upgraded }
    }

    /// Those that were handed over and are still open, or of which all that is open was.
    fn count_upgraded(&self) -> usize {
        let entries = self.entries.borrow();
        let is_upgraded = |entry: &Entry| match entry {
            Entry::Upgraded(left) => !left.open.is_last(),
            Entry::Http(link) => link.has_only_tunnels(),
            Entry::Opening => false,
        };
        entries.iter().filter(|(_, entry)| is_upgraded(entry)).count()
    }

    /// Closes what is still open.
    pub(crate) fn cut(&self) {
        self.advance(Stage::Cutting);
    }

    fn advance(&self, stage: Stage) {
        self.stage.set(stage);
        self.advanced.notify_waiters();
        let mut upgraded = Vec::new();
        for (_, entry) in self.entries.borrow().iter() {
            match entry {
                Entry::Http(link) => {
                    link.mark_draining();
                    link.wake();
                    if stage == Stage::Grace {
                        upgraded.extend(link.tunnels());
                    }
                }
                Entry::Upgraded(left) if stage == Stage::Grace => {
                    upgraded.push(left.connection.clone());
                }
                Entry::Upgraded(left) if stage == Stage::Cutting => {
                    left.connection.mark_draining();
                }
                // They are being told, one batch after the other.
                Entry::Upgraded(_) => {}
                Entry::Opening => {}
            }
        }
        if !upgraded.is_empty() {
            spawn_local(tell_in_batches(upgraded, self.config.drain_spread));
        }
    }

    /// Returns when a connection without a request is to be closed.
    pub(crate) async fn finishing(&self) {
        while self.stage() < Stage::Finishing {
            // Nothing happens between the look and the wait: there is one thread.
            self.advanced.notified().await;
        }
    }

    async fn empty_within(&self, limit: Duration) -> bool {
        let emptied = poll_fn(|cx| {
            if self.len() == 0 {
                return Poll::Ready(());
            }
            *self.emptied.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        });
        timeout(limit, emptied).await.is_ok()
    }
}

/// How many are told at once even if fewer would do.
const SMALLEST_BATCH: usize = 50;

/// Tells connections of another protocol that the server stops, spread over a time: their clients
/// come back as soon as they are told, and are not to come all at once.
async fn tell_in_batches(connections: Vec<Connection>, spread: Duration) {
    let batches = usize::try_from(spread.as_millis() / TICK.as_millis()).unwrap_or(usize::MAX);
    let size = connections.len().div_ceil(batches.max(1)).max(SMALLEST_BATCH);
    let mut ticks = interval(TICK);
    for batch in connections.chunks(size) {
        ticks.tick().await;
        batch.iter().for_each(Connection::mark_draining);
    }
}

async fn tick_while_open(connections: Weak<Connections>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        match connections.upgrade() {
            Some(connections) if connections.tick() => {}
            _ => return,
        }
    }
}

/// A connection's place among the others.
#[derive(Debug)]
pub(crate) struct Membership {
    connections: Rc<Connections>,
    key: Option<usize>,
    right: Option<Box<Right>>,
}

impl Membership {
    /// The connection is open.
    pub(crate) fn begin(&self, link: &Rc<Link>) {
        if self.connections.stage() > Stage::Serving {
            link.mark_draining();
        }
        if let Some(key) = self.key {
            self.connections.entries.borrow_mut()[key] = Entry::Http(link.clone());
        }
    }

    /// Takes a place among those of its client, instead of the one that it has.
    pub(crate) fn take(&mut self, place: Option<Place>) {
        match &mut self.right {
            Some(right) => right._place = place,
            None if place.is_some() => {
                self.right = Some(Box::new(Right { _place: place, _seat: None }));
            }
            None => {}
        }
    }

    /// Keeps the place of a connection that was handed over, until it is closed.
    pub(crate) fn hand_over(mut self, open: Open, connection: Connection) {
        if let Some(key) = self.key.take() {
            let left = Left { open, connection, _right: self.right.take() };
            self.connections.entries.borrow_mut()[key] = Entry::Upgraded(Box::new(left));
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.connections.leave(key);
        }
    }
}
