//! The requests that share a connection of HTTP/2.

use super::arrivals::Arrivals;
use crate::Refusal;
use crate::deadline::{Expired, Limits, Phase, Waits};
use crate::link::Link;
use crate::upgraded::Open;
use bytes::{Buf, Bytes};
use landspout_handler::{Connection, UpgradeSender};
use slab::Slab;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use tokio::task::{AbortHandle, JoinSet};

/// How many bytes a connection may bring that are part of no request's body, and between two
/// requests: far more than heads and window updates ever need. More of them are a flood of frames
/// that cost the server work and the client nothing (pings, settings, priorities, window updates).
const IDLE_BYTES: u64 = 1 << 20;

/// For how many ticks a stream that was given up may stay. Its reset is written at the next turn,
/// unless the connection itself is stuck or somebody keeps the body of the request.
const PATIENCE: u32 = 20;

/// What is open on one connection.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: RefCell<Slab<Entry>>,
    /// The request that was begun last, until it has a task.
    newest: RefCell<Weak<Lane>>,
    /// Handlers that run to their end although their client has left.
    orphans: RefCell<JoinSet<()>>,
    /// Bytes of bodies and tunnels, in all.
    body_bytes: Arc<AtomicU64>,
    /// What `body_bytes` was when it was last looked at.
    seen_bytes: Cell<u64>,
    /// Bytes that came since something useful did.
    idle_bytes: Cell<u64>,
    /// How many of those may be bodies that their handlers have yet to read.
    window: u64,
}

#[derive(Debug)]
enum Entry {
    Request(Weak<Lane>),
    Upgraded(Open, Connection),
}

/// One request's share of a connection: from its head until the last byte of its answer is out of
/// the server's hands.
#[derive(Debug)]
pub(crate) struct Lane {
    link: Rc<Link>,
    key: usize,
    /// The connection as this request sees it, which it leaves when its stream is reset.
    pub(crate) connection: Connection,
    /// What the client would speak on this stream (RFC 8441).
    pub(crate) protocol: Option<Box<str>>,
    /// The right to the stream that the request was given.
    pub(crate) upgrade: RefCell<Option<UpgradeSender>>,
    pub(crate) arrivals: Arc<Arrivals>,
    waits: Waits,
    /// The count of arrivals at the last tick.
    seen: Cell<u64>,
    /// How many pieces of the answer its client is to take.
    owing: Cell<usize>,
    /// Who waits for the client to take them.
    giving: RefCell<Option<Waker>>,
    /// The task in which the parser gives the answer.
    task: OnceCell<AbortHandle>,
    /// The tick at which the stream was given up.
    given_up: Cell<Option<u32>>,
}

impl Streams {
    /// Of a connection whose client may send `window` bytes of bodies ahead.
    pub(crate) fn new(window: u32) -> Streams {
        Streams { window: window.into(), ..Streams::default() }
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// Says that the other end has gone.
    pub(crate) fn mark_closed(&self) {
        self.mark_requests(Connection::mark_closed);
        self.tunnels().iter().for_each(Connection::mark_closed);
    }

    /// Says that the server begins to stop, to all but the [tunnels](Streams::tunnels).
    pub(crate) fn mark_draining(&self) {
        self.mark_requests(Connection::mark_draining);
    }

    fn mark_requests(&self, mark: fn(&Connection)) {
        for (_, entry) in self.open.borrow().iter() {
            if let Entry::Request(lane) = entry
                && let Some(lane) = lane.upgrade()
            {
                mark(&lane.connection);
            }
        }
    }

    /// The streams that are another protocol, as their handlers know them.
    pub(crate) fn tunnels(&self) -> Vec<Connection> {
        let tunnel = |(_, entry): (usize, &Entry)| match entry {
            Entry::Upgraded(_, connection) => Some(connection.clone()),
            Entry::Request(_) => None,
        };
        self.open.borrow().iter().filter_map(tunnel).collect()
    }

    /// Whether nothing is open but tunnels.
    pub(crate) fn has_only_tunnels(&self) -> bool {
        let open = self.open.borrow();
        let mut tunnels = 0;
        for (_, entry) in open.iter() {
            match entry {
                Entry::Upgraded(open, _) => tunnels += usize::from(!open.is_last()),
                Entry::Request(_) => return false,
            }
        }
        tunnels > 0
    }

    /// Counts bytes that came; false if there were too many of no use.
    pub(crate) fn count(&self, len: usize) -> bool {
        self.idle_bytes.set(self.idle_bytes.get() + len as u64);
        if self.idle_bytes.get() > IDLE_BYTES + self.window {
            let body_bytes = self.body_bytes.load(Ordering::Relaxed);
            if self.seen_bytes.replace(body_bytes) == body_bytes {
                return false;
            }
            self.idle_bytes.set(0);
        }
        true
    }

    /// The parser runs the request that was begun last in this task.
    pub(crate) fn run_in(&self, task: AbortHandle) {
        if let Some(lane) = self.newest.take().upgrade() {
            let _ = lane.task.set(task);
        }
    }

    /// Looks at the bodies that are waited for, in both directions.
    pub(crate) fn tick(&self, limits: &Limits, now: u32) {
        let mut closed = Vec::new();
        for (key, entry) in self.open.borrow().iter() {
            match entry {
                Entry::Request(lane) => {
                    if let Some(lane) = lane.upgrade() {
                        lane.tick(limits, now);
                    }
                }
                Entry::Upgraded(open, _) if open.is_last() => closed.push(key),
                Entry::Upgraded(..) => {}
            }
        }
        for key in closed {
            drop(self.open.borrow_mut().try_remove(key));
        }
    }

    /// Drops the handlers whose clients have left.
    pub(crate) fn abandon(&self) {
        drop(self.orphans.take());
    }

    /// How many handlers run for clients that have left.
    pub(crate) fn orphans(&self) -> usize {
        self.orphans.borrow().len()
    }

    /// Forgets handlers that have come to their end; ready when nothing is open.
    pub(crate) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut orphans = self.orphans.borrow_mut();
        while let Poll::Ready(Some(_)) = orphans.poll_join_next(cx) {}
        if self.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Lane {
    /// Begins a request on a connection that is shared.
    pub(crate) fn begin(link: &Rc<Link>, protocol: Option<Box<str>>) -> Rc<Lane> {
        let streams = link.streams();
        streams.idle_bytes.set(0);
        if streams.is_empty() {
            link.waits.begin(link.now());
        }
        let mut open = streams.open.borrow_mut();
        let slot = open.vacant_entry();
        let waits = Waits::new(link.now());
        waits.begin(link.now());
        let lane = Rc::new(Lane {
            link: link.clone(),
            key: slot.key(),
            connection: link.connection.fork(),
            protocol,
            upgrade: RefCell::default(),
            arrivals: Arc::default(),
            waits,
            seen: Cell::new(0),
            owing: Cell::new(0),
            giving: RefCell::default(),
            task: OnceCell::new(),
            given_up: Cell::new(None),
        });
        slot.insert(Entry::Request(Rc::downgrade(&lane)));
        streams.newest.replace(Rc::downgrade(&lane));
        lane
    }

    /// The connection it is one of.
    pub(crate) fn link(&self) -> &Rc<Link> {
        &self.link
    }

    /// The count of the bytes of all bodies and tunnels of its connection.
    pub(crate) fn total(&self) -> Arc<AtomicU64> {
        self.link.streams().body_bytes.clone()
    }

    /// Lets a handler whose client has left run to its end, unless the server is being cut off.
    pub(crate) fn finish(&self, handling: impl Future<Output = ()> + 'static) {
        if !self.link.is_cut() {
            self.link.streams().orphans.borrow_mut().spawn_local(handling);
            self.link.wake();
        }
    }

    fn tick(&self, limits: &Limits, now: u32) {
        let bytes = self.arrivals.bytes();
        let came = bytes - self.seen.replace(bytes);
        if came > 0 || !self.arrivals.is_wanted() {
            self.waits.received(usize::try_from(came).unwrap_or(usize::MAX), now);
        }
        if self.arrivals.is_wanted() {
            self.waits.starved(now);
        }
        if self.waits.check(limits, now) {
            match self.waits.expired() {
                Some(Expired::Body) => self.arrivals.expire(),
                Some(Expired::Write) => self.give_up(now),
                _ => {}
            }
        }
        if self.given_up.get().is_some_and(|since| now.saturating_sub(since) > PATIENCE) {
            self.link.give_up();
        }
    }

    /// Ends a stream whose client does not take its answer: the parser resets it (RFC 9113 §5.4.2)
    /// when it is told no more of it. Of a short answer it was told everything already, and then the
    /// connection has to end.
    fn give_up(&self, now: u32) {
        match self.task.get().filter(|task| !task.is_finished()) {
            Some(task) => {
                self.link.refuse(Refusal::WriteTimeout, &"the client did not take an answer");
                // Whoever still reads the request keeps the stream open.
                self.arrivals.expire();
                self.given_up.set(Some(now));
                task.abort();
            }
            None => self.link.give_up(),
        }
    }

    /// Goes on as another protocol: the stream is in use until `open` says that it is not.
    pub(crate) fn hand_over(&self, open: Open) {
        let entry = Entry::Upgraded(open, self.connection.clone());
        self.link.streams().open.borrow_mut().insert(entry);
    }

    /// Waits for the client to take something, until the value is dropped.
    fn owe(self: &Rc<Lane>) -> Owed {
        self.owing.set(self.owing.get() + 1);
        self.waits.blocked(0, self.link.now());
        Owed(self.clone())
    }

    /// Whether the client is to take something.
    pub(crate) fn is_owing(&self) -> bool {
        self.owing.get() > 0
    }

    /// Ready when the client has taken all that it was given.
    pub(crate) fn poll_taken(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_owing() {
            *self.giving.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let streams = self.link.streams();
        drop(streams.open.borrow_mut().try_remove(self.key));
        if streams.is_empty() {
            self.link.enter(Phase::Idle);
            // A connection that is about to end has waited for this.
            self.link.wake();
        }
    }
}

/// Something that a client is to take.
#[derive(Debug)]
struct Owed(Rc<Lane>);

impl Owed {
    fn take(&self, len: usize) {
        let lane = &self.0;
        lane.link.streams().idle_bytes.set(0);
        lane.waits.blocked(len, lane.link.now());
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let lane = &self.0;
        lane.owing.set(lane.owing.get() - 1);
        if !lane.is_owing() {
            lane.waits.unblocked(0, lane.link.now());
            if let Some(waker) = lane.giving.take() {
                waker.wake();
            }
        }
    }
}

/// A piece of an answer, until it is written.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Bytes,
    owed: Owed,
}

impl Piece {
    pub(crate) fn new(bytes: Bytes, lane: &Rc<Lane>) -> Piece {
        Piece { bytes, owed: lane.owe() }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, len: usize) {
        self.bytes.advance(len);
        self.owed.take(len);
    }
}
