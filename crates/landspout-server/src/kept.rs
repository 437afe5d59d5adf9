//! Bytes that a connection keeps between two polls.

use std::cell::RefCell;

/// Bytes that are there for a short time, if ever: without them it is two words.
#[derive(Debug, Default)]
pub(crate) struct Kept(RefCell<Option<Box<Buffer>>>);

/// In a box of its own because three words for each idle connection are two too many.
#[derive(Debug)]
struct Buffer(Vec<u8>);

impl Kept {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_none()
    }

    /// Takes all of them, and leaves none.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.take().map_or_else(Vec::new, |buffer| buffer.0)
    }

    /// Keeps these in place of the others.
    pub(crate) fn put(&self, bytes: Vec<u8>) {
        self.0.replace((!bytes.is_empty()).then(|| Box::new(Buffer(bytes))));
    }

    /// Adds more.
    pub(crate) fn push(&self, bytes: &[u8]) {
        let mut all = self.take();
        all.extend_from_slice(bytes);
        self.put(all);
    }
}
