//! How a connection's parser lays out what it writes.

use std::cell::Cell;

/// From this size on a copy costs more than a write: an echo of 4 KiB takes 0.92 of the time if it is
/// neither copied beside its head nor into the batch, and one of 2 KiB takes as long.
pub(crate) const LARGE: usize = 4 << 10;

/// The most bytes of a whole body that are handed over at once if they are copied into the parser's
/// buffer, which grows with them, or into that of a stream of HTTP/2.
pub(crate) const COPIED: usize = 64 << 10;

/// The same if the parser only refers to them. The log counts what was handed over.
const REFERRED: usize = 1 << 20;

/// For how many ticks after a large piece others are expected.
const RECENT: u32 = 10;

/// Flat or listed, and whether that is still right.
///
/// A *flat* parser copies an answer into one buffer with its head, which suits small ones. A *listed*
/// one keeps a list of buffers: that spares large ones the copy, and costs each answer some 450
/// instructions. A parser stays as it was made, so that a change is another parser: the first large
/// answer of a connection is copied, and so is one that comes a second or more after the last.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    is_listed: Cell<bool>,
    /// The tick until which large pieces are expected.
    expected: Cell<u32>,
}

impl Layout {
    /// A large piece is handed over.
    pub(crate) fn expect_large(&self, now: u32) {
        self.expected.set(now.saturating_add(RECENT));
    }

    /// Chooses for a parser that is to be made; whether it is to be listed.
    pub(crate) fn choose(&self, now: u32) -> bool {
        self.is_listed.set(self.expects_large(now));
        self.is_listed.get()
    }

    /// Whether the parser was made to be listed.
    pub(crate) fn is_listed(&self) -> bool {
        self.is_listed.get()
    }

    /// Whether another parser would be better.
    pub(crate) fn is_stale(&self, now: u32) -> bool {
        self.is_listed.get() != self.expects_large(now)
    }

    /// The most bytes of a whole body that the parser is to be handed at once.
    pub(crate) fn most(&self) -> usize {
        if self.is_listed.get() { REFERRED } else { COPIED }
    }

    fn expects_large(&self, now: u32) -> bool {
        now < self.expected.get()
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, RECENT};

    #[test]
    fn a_parser_is_flat_until_large_pieces_come_and_again_when_they_came_long_ago() {
        let layout = Layout::default();
        assert!(!layout.choose(7));
        assert!(!layout.is_stale(7));

        layout.expect_large(7);
        assert!(!layout.is_listed(), "the parser that there is stays as it is");
        assert!(layout.is_stale(7));
        assert!(layout.choose(7));
        assert!(!layout.is_stale(7 + RECENT - 1));

        assert!(layout.is_stale(7 + RECENT));
        assert!(!layout.choose(7 + RECENT));
    }
}
