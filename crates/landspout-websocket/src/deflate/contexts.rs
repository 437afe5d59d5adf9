//! How many connections keep compression contexts.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The connections of the process that hold a [`Permit`].
static HELD: AtomicUsize = AtomicUsize::new(0);

/// The right of one connection to keep contexts.
#[derive(Debug)]
pub(super) struct Permit(());

impl Permit {
    /// A permit, unless as many as the limit are held.
    pub(super) fn acquire(limit: usize) -> Option<Permit> {
        HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            (held < limit).then_some(held + 1)
        })
        .ok()
        .map(|_| Permit(()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::Relaxed);
    }
}
