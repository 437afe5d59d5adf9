//! The headers of a request that is gone, for the next answer.

use http::HeaderMap;
use http::request::Parts;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A map with room for more fields is given back to the allocator: it would stay with its thread.
const MOST_FIELDS: usize = 64;

thread_local! {
    static SPARE: Cell<Option<HeaderMap>> = const { Cell::new(None) };
}

/// An empty map, with room if there is one to spare: to begin one from nothing takes two
/// allocations.
pub(crate) fn headers() -> HeaderMap {
    // A thread that is ending has none.
    SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
}

/// The head of a request, whose map is kept for the next [`headers`] on the thread that drops it.
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
            let mut headers = std::mem::take(&mut self.headers);
            headers.clear();
            let _ = SPARE.try_with(|spare| spare.set(Some(headers)));
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
