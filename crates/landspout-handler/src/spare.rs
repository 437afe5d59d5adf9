//! What is left of an exchange, for the next one on the same thread.

use http::HeaderMap;
use http::request::Parts;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A map with room for more fields is given back to the allocator: it would stay with its thread.
const MOST_FIELDS: usize = 64;

thread_local! {
    /// Empty. It has room if a request is gone whose headers no answer has taken yet.
    static HEADERS: Cell<HeaderMap> = Cell::default();
}

/// Exchanges an empty map with the spare one: to begin one from nothing takes two allocations.
pub(crate) fn exchange(headers: &mut HeaderMap) {
    // A thread that is ending has none.
    let _ = HEADERS.try_with(|spare| spare.swap(Cell::from_mut(headers)));
}

/// The head of a request, whose map is spare when it is dropped.
pub(crate) struct Head(Parts);

impl Head {
    pub(crate) fn new(head: Parts) -> Head {
        Head(head)
    }

    pub(crate) fn into_inner(mut self) -> Parts {
        std::mem::replace(&mut self.0, http::Request::new(()).into_parts().0)
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        if (1..=MOST_FIELDS).contains(&self.headers.capacity()) {
            self.headers.clear();
            exchange(&mut self.headers);
        }
    }
}

impl Deref for Head {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Head {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}
