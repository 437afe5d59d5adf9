//! Sharing connections out among loops.

use crate::opening::Opening;
use crate::stream::{Detached, Peer, Stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How the loops of a group share the connections that come.
///
/// Over HTTP a connection may last for days, and the loop that has it does all of its work. So it
/// matters more to have the same number on each loop than to accept a little faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Accept {
    /// Each loop has a listener, and hands what it accepts to the loop with the fewest connections
    /// when it has more than that one by 1 and by an eighth. Few connections that last end up even;
    /// of many that come and go, few are handed over.
    #[default]
    Balanced,
    /// Each loop has a listener, and keeps what the kernel gives to it, which goes by a hash of the
    /// addresses.
    Own,
    /// All loops have one listener, and the first that gets to it has the connection. Where the
    /// kernel cannot share a port among listeners, and on Unix sockets, it is always so, and
    /// `balanced` hands over besides.
    Shared,
}

/// How many connections may wait for a loop to take them. A loop that is so far behind gets no more.
const MOST_WAITING: usize = 128;

/// The loops of a group.
#[derive(Debug)]
pub(crate) struct Balance {
    loops: Vec<Seats>,
    hands_over: bool,
}

/// One loop's connections, and those that wait for it to take them.
#[derive(Debug, Default)]
struct Seats {
    /// Those that are open, and those that wait.
    taken: AtomicUsize,
    /// A loop takes what comes.
    open: AtomicBool,
    waiting: Mutex<VecDeque<Waiting>>,
    arrived: Notify,
}

/// A connection on its way from one loop to another.
#[derive(Debug)]
pub(crate) struct Waiting {
    stream: Detached,
    pub(crate) peer: Peer,
    pub(crate) opening: Opening,
    pub(crate) seat: Seat,
}

impl Waiting {
    /// Brings it onto the current loop.
    pub(crate) fn attach(self) -> io::Result<(Stream, Peer, Opening, Seat)> {
        Ok((self.stream.attach()?, self.peer, self.opening, self.seat))
    }
}

/// A connection's place on a loop. It is free again when the value is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    balance: Arc<Balance>,
    index: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.balance.loops[self.index].taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Balance {
    pub(crate) fn new(count: usize, accept: Accept) -> Arc<Balance> {
        let loops = (0..count).map(|_| Seats::default()).collect();
        Arc::new(Balance { loops, hands_over: accept == Accept::Balanced && count > 1 })
    }

    /// A place for a connection that `here` has accepted.
    fn choose(self: &Arc<Self>, here: usize) -> Seat {
        loop {
            let (index, seen) = self.prefer(here);
            let taken = &self.loops[index].taken;
            // Two loops that see the same one with the fewest do not both give to it.
            let free = taken.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed);
            if free.is_ok() {
                return Seat { balance: self.clone(), index };
            }
        }
    }

    /// The loop that is to have it, and how many that one has.
    fn prefer(&self, here: usize) -> (usize, usize) {
        let taken = |index: usize| self.loops[index].taken.load(Ordering::Relaxed);
        let mine = taken(here);
        if !self.hands_over {
            return (here, mine);
        }
        let open = (0..self.loops.len()).filter(|at| self.loops[*at].open.load(Ordering::Acquire));
        let least = open.map(|index| (index, taken(index))).min_by_key(|(_, taken)| *taken);
        least.filter(|(_, least)| mine > least + mine / 8).unwrap_or((here, mine))
    }
}

/// One loop of a group.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    balance: Arc<Balance>,
    index: usize,
}

impl Share {
    pub(crate) fn new(balance: Arc<Balance>, index: usize) -> Share {
        Share { balance, index }
    }

    fn seats(&self) -> &Seats {
        &self.balance.loops[self.index]
    }

    /// Begins to take what others hand over, until the value is dropped.
    pub(crate) fn open(&self) -> Taking {
        self.seats().open.store(true, Ordering::Release);
        Taking(self.clone())
    }

    /// Keeps a connection, or hands it to a loop that has fewer.
    pub(crate) fn place(
        &self,
        stream: Stream,
        peer: Peer,
        opening: &Opening,
    ) -> Option<(Stream, Seat)> {
        let seat = self.balance.choose(self.index);
        if seat.index == self.index {
            return Some((stream, seat));
        }
        let there = Share { balance: self.balance.clone(), index: seat.index };
        let mut waiting = there.waiting();
        if waiting.len() >= MOST_WAITING || !there.seats().open.load(Ordering::Acquire) {
            return Some((stream, self.seat()));
        }
        // What cannot be taken off this loop is lost: the system has no more to give.
        let stream = stream.detach().ok()?;
        waiting.push_back(Waiting { stream, peer, opening: opening.clone(), seat });
        there.seats().arrived.notify_one();
        None
    }

    /// A place on this loop.
    pub(crate) fn seat(&self) -> Seat {
        self.seats().taken.fetch_add(1, Ordering::Relaxed);
        Seat { balance: self.balance.clone(), index: self.index }
    }

    /// Takes no more from others.
    pub(crate) fn close(&self) {
        self.seats().open.store(false, Ordering::Release);
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.seats().waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection that was handed over.
    ///
    /// # Cancel safety
    /// Safe: one is returned, or still waits.
    pub(crate) async fn next(&self) -> Waiting {
        loop {
            if let Some(next) = self.take_waiting() {
                return next;
            }
            self.seats().arrived.notified().await;
        }
    }

    /// A connection that was handed over and still waits.
    pub(crate) fn take_waiting(&self) -> Option<Waiting> {
        self.waiting().pop_front()
    }

    /// Gives what waits for a loop that has closed to others. Where there is none, it waits for the
    /// loop to come back.
    fn pass_on(&self) {
        let others = (0..self.balance.loops.len()).filter(|index| *index != self.index);
        let open = |index: &usize| self.balance.loops[*index].open.load(Ordering::Acquire);
        let taken = |index: &usize| self.balance.loops[*index].taken.load(Ordering::Relaxed);
        while let Some(index) = others.clone().filter(open).min_by_key(taken) {
            let there = Share { balance: self.balance.clone(), index };
            let mut queue = there.waiting();
            if !there.seats().open.load(Ordering::Acquire) {
                // It has closed since, and looks at its queue no more.
                continue;
            }
            let Some(mut waiting) = self.take_waiting() else { return };
            waiting.seat = there.seat();
            queue.push_back(waiting);
            there.seats().arrived.notify_one();
        }
    }
}

/// A loop that takes what comes.
#[derive(Debug)]
pub(crate) struct Taking(Share);

impl Drop for Taking {
    fn drop(&mut self) {
        self.0.close();
        self.0.pass_on();
    }
}
