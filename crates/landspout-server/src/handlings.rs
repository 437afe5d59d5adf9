//! Handlers that are waited for.

use crate::refusals::Refused;
use crate::{Refusal, link::Link};
use landspout_handler::Deadline;
use slab::Slab;
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Waker};

/// The handlers of one loop that have not answered yet. A handler that answers when it is first asked
/// never gets here.
#[derive(Debug, Default)]
pub(crate) struct Handlings(RefCell<Slab<Entry>>);

#[derive(Debug)]
struct Entry {
    /// The tick at which the request was there.
    since: u32,
    waker: Waker,
}

impl Handlings {
    /// Wakes those that have had `limit` ticks or more.
    pub(crate) fn wake_over(&self, limit: u32, now: u32) {
        for (_, entry) in self.0.borrow().iter() {
            if now.saturating_sub(entry.since) >= limit {
                entry.waker.wake_by_ref();
            }
        }
    }
}

/// The time of one handler; there is one only where there is a limit.
#[derive(Debug)]
pub(crate) struct Handling {
    link: Rc<Link>,
    since: u32,
    deadline: Deadline,
    key: Option<usize>,
}

impl Handling {
    pub(crate) fn new(link: Rc<Link>, deadline: Deadline) -> Handling {
        let since = link.connections.clock.now();
        Handling { link, since, deadline, key: None }
    }

    /// The handler did not answer: why it is not to be waited for any longer, or nothing, and then
    /// it is woken when its time is over.
    pub(crate) fn wait(&mut self, cx: &Context<'_>) -> Option<Refused> {
        let connections = &self.link.connections;
        let limit = connections.limits.handler?;
        if self.deadline.is_lifted() {
            return None;
        }
        if connections.clock.now().saturating_sub(self.since) >= limit {
            return Some(Refused::new(Refusal::HandlerTimeout, "the answer took too long"));
        }
        let mut entries = connections.handlings.0.borrow_mut();
        match self.key {
            Some(key) => entries[key].waker.clone_from(cx.waker()),
            None => {
                let entry = Entry { since: self.since, waker: cx.waker().clone() };
                self.key = Some(entries.insert(entry));
            }
        }
        None
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.link.connections.handlings.0.borrow_mut().remove(key);
        }
    }
}
