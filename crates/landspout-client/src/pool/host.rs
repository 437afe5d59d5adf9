//! What the pool knows of one host.

use super::{Grant, Reusable};
use crate::moment::Moment;
use std::collections::BTreeMap;

/// The connections of one route, and who waits for one.
///
/// A connection is either *exclusive*, for one request at a time, or *shared* by several. Which it
/// is shows when it has been made. As long as nobody knows, one is made at a time: the others wait
/// for what it turns out to be.
#[derive(Debug)]
pub(super) struct Host<C, W> {
    /// Connections in use: exclusive ones, those being made, and shared ones with requests.
    pub(super) busy: usize,
    /// Those of them that are being made.
    pub(super) opening: usize,
    /// Whether connections have turned out to be exclusive.
    pub(super) is_exclusive: bool,
    /// Exclusive connections that nobody uses; the one used last is last.
    pub(super) idle: Vec<Idle<C>>,
    pub(super) shared: Vec<Shared<C>>,
    pub(super) waiting: BTreeMap<u64, W>,
    /// Where this host stands in the pool's lines.
    pub(super) turn: Option<Turn>,
}

#[derive(Debug)]
pub(super) struct Idle<C> {
    pub(super) id: u64,
    /// When it is too old; `None` is never.
    pub(super) until: Option<Moment>,
    pub(super) connection: C,
}

/// A connection for several requests at once.
#[derive(Debug)]
pub(super) struct Shared<C> {
    pub(super) id: u64,
    pub(super) connection: C,
    /// Requests under way.
    pub(super) streams: usize,
    /// While there are none: under which number it stands in the pool's list of idle connections,
    /// and when it is too old.
    pub(super) idle: Option<(u64, Option<Moment>)>,
}

/// The first in line of a host that can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// By a connection of its own.
    Own(u64),
    /// By a shared connection that has room.
    Share(u64),
}

impl<C, W> Host<C, W> {
    pub(super) fn is_empty(&self) -> bool {
        self.busy == 0 && self.idle.is_empty() && self.shared.is_empty() && self.waiting.is_empty()
    }

    /// Whether it may have one more connection of its own, made or idle.
    pub(super) fn has_room(&self, multiplexes: bool, per_host: usize) -> bool {
        let must_learn = multiplexes && !self.is_exclusive && self.opening > 0;
        self.busy < per_host && !must_learn
    }

    pub(super) fn find_shared(&mut self, id: u64) -> Option<&mut Shared<C>> {
        self.shared.iter_mut().find(|shared| shared.id == id)
    }
}

impl<C: Reusable, W> Host<C, W> {
    /// Who is next, and how they can be served.
    pub(super) fn next_turn(&self, multiplexes: bool, per_host: usize) -> Option<Turn> {
        let first = *self.waiting.keys().next()?;
        if self.shared.iter().any(Shared::has_room) {
            Some(Turn::Share(first))
        } else if self.has_room(multiplexes, per_host) {
            Some(Turn::Own(first))
        } else {
            None
        }
    }

    /// The idle connection used last that is still usable, and throws away those above it; the
    /// numbers of what it took are given to `forget`.
    pub(super) fn take_idle(&mut self, now: Moment, mut forget: impl FnMut(u64)) -> Option<C> {
        while let Some(entry) = self.idle.pop() {
            forget(entry.id);
            if entry.is_usable(now) {
                return Some(entry.connection);
            }
        }
        None
    }

    /// A stream of a shared connection, and the number under which it was idle, if it was. Throws
    /// away those that are too old, so that nobody waits for one; their numbers are given to
    /// `forget`.
    pub(super) fn take_stream(
        &mut self,
        now: Moment,
        mut forget: impl FnMut(u64),
    ) -> Option<(Grant<C>, Option<u64>)> {
        self.shared.retain(|shared| match shared.idle {
            Some((number, until)) if is_over(until, now) => {
                forget(number);
                false
            }
            _ => true,
        });
        let usable = self.shared.iter_mut().filter(|shared| shared.has_room());
        // The fullest one, so that the others grow old and are closed.
        let shared = usable.max_by_key(|shared| shared.streams)?;
        let connection = shared.connection.share()?;
        shared.streams += 1;
        let was_idle = shared.idle.take().map(|(number, _)| number);
        if was_idle.is_some() {
            self.busy += 1;
        }
        Some((Grant::Share(shared.id, connection), was_idle))
    }

    /// Throws away what is idle and of no use any more, and tells its numbers to `forget`; returns
    /// when the next one will be too old.
    pub(super) fn expire(&mut self, now: Moment, mut forget: impl FnMut(u64)) -> Option<Moment> {
        let mut next: Option<Moment> = None;
        let mut keep = |id: u64, until: Option<Moment>, is_open: bool| {
            let keeps = is_open && !is_over(until, now);
            if !keeps {
                forget(id);
            } else if let Some(until) = until {
                next = Some(next.map_or(until, |next| next.min(until)));
            }
            keeps
        };
        self.idle.retain(|entry| keep(entry.id, entry.until, entry.connection.is_open()));
        self.shared.retain(|shared| match shared.idle {
            Some((number, until)) => keep(number, until, shared.connection.is_open()),
            None => true,
        });
        next
    }
}

impl<C: Reusable> Idle<C> {
    fn is_usable(&self, now: Moment) -> bool {
        !is_over(self.until, now) && self.connection.is_open()
    }
}

impl<C: Reusable> Shared<C> {
    fn has_room(&self) -> bool {
        self.connection.is_open() && self.streams < self.connection.capacity()
    }
}

impl<C, W> Default for Host<C, W> {
    fn default() -> Host<C, W> {
        Host {
            busy: 0,
            opening: 0,
            is_exclusive: false,
            idle: Vec::new(),
            shared: Vec::new(),
            waiting: BTreeMap::new(),
            turn: None,
        }
    }
}

fn is_over(until: Option<Moment>, now: Moment) -> bool {
    until.is_some_and(|until| now >= until)
}
