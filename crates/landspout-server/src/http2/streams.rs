//! The requests that share a connection of HTTP/2.

use super::arrivals::Arrivals;
use crate::deadline::{Expired, Limits, Phase, Waits};
use crate::link::Link;
use crate::upgraded::Open;
use bytes::{Buf, Bytes};
use landspout_handler::{Connection, UpgradeSender};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::task::JoinSet;

/// How many bytes a connection may bring that are part of no request's body, and between two
/// requests: far more than heads and window updates ever need. More of them are a flood of frames
/// that cost the server work and the client nothing (pings, settings, priorities, window updates).
const IDLE_BYTES: u64 = 1 << 20;

/// What is open on one connection.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: RefCell<Slab<Entry>>,
    /// How many answers wait for their client to take something.
    owing: Cell<usize>,
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

    /// Says that the other end has gone, or that the server begins to stop, to all requests.
    pub(crate) fn mark(&self, mark: fn(&Connection)) {
        for (_, entry) in self.open.borrow().iter() {
            match entry {
                Entry::Request(lane) => {
                    if let Some(lane) = lane.upgrade() {
                        mark(&lane.connection);
                    }
                }
                Entry::Upgraded(_, connection) => mark(connection),
            }
        }
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

    /// Whether a client is to take something.
    pub(crate) fn is_owing(&self) -> bool {
        self.owing.get() > 0
    }

    /// Looks at the bodies that are waited for.
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
        });
        slot.insert(Entry::Request(Rc::downgrade(&lane)));
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
        if self.waits.check(limits, now) && self.waits.expired() == Some(Expired::Body) {
            self.arrivals.expire();
        }
    }

    /// Goes on as another protocol: the stream is in use until `open` says that it is not.
    pub(crate) fn hand_over(&self, open: Open) {
        let entry = Entry::Upgraded(open, self.connection.clone());
        self.link.streams().open.borrow_mut().insert(entry);
    }

    /// Waits for the client to take something, until the value is dropped.
    pub(crate) fn owe(self: &Rc<Lane>) -> Owed {
        let owing = &self.link.streams().owing;
        owing.set(owing.get() + 1);
        self.link.waits.blocked(0, self.link.now());
        Owed(self.clone())
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
pub(crate) struct Owed(Rc<Lane>);

impl Owed {
    fn take(&self, len: usize) {
        let link = &self.0.link;
        link.streams().idle_bytes.set(0);
        link.waits.blocked(len, link.now());
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let link = &self.0.link;
        let owing = &link.streams().owing;
        owing.set(owing.get() - 1);
        if owing.get() == 0 && !link.is_blocked() {
            link.waits.unblocked(0, link.now());
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
