//! Which connections have a parser.
//!
//! A parser and its buffers take some 10 KiB. A connection on which nothing is being said does
//! without: it is *parked*, a socket and a few words, and its next byte makes another parser.

use crate::deadline::Phase;
use crate::http2::Peek;
use crate::link::{Link, Verdict};
use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// How many ticks without a request a connection keeps its parser. The memory that an allocator was
/// once given rarely goes back to the system, so the sooner the better.
pub(crate) const IDLE_TICKS: u32 = 2;

/// From so many parsers on, a connection gives its own up as soon as it is answered: connections that
/// come faster than the ticks would otherwise all have one for a moment, and the memory for that
/// would stay. One that comes [back](Link::returns) before the ticks would have parked it keeps its
/// next one, so that this costs each of a crowd that is busy one parser in all.
const MOST_PARSERS: usize = 64;

/// The parsers of one loop.
#[derive(Debug, Default)]
pub(crate) struct Parking(Cell<usize>);

impl Parking {
    /// Counts a parser for as long as the value lives.
    pub(crate) fn count(&self) -> Parser<'_> {
        self.0.set(self.0.get() + 1);
        Parser(self)
    }

    /// Whether there are so many that one that is not needed is to go at once.
    pub(crate) fn is_full(&self) -> bool {
        self.0.get() > MOST_PARSERS
    }
}

/// A parser that is counted.
#[derive(Debug)]
pub(crate) struct Parser<'a>(&'a Parking);

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

/// A connection comes to rest.
impl Link {
    /// Lets the connection's task drop its parser, if it may.
    pub(crate) fn ask_to_park(&self) {
        if !self.parks.get() && self.can_park() {
            self.parks.set(true);
            self.wake();
        }
    }

    /// A large piece of an answer is to go out: the next parser is one for such.
    pub(crate) fn expect_large(&self) {
        self.layout.expect_large(self.now());
        if !self.layout.is_listed() {
            self.parks.set(true);
        }
    }

    /// Whether the parser is to go, now that it was polled.
    pub(crate) fn is_to_park(&self) -> bool {
        let crowded = || self.connections.parking.is_full() && !self.returns.get();
        (self.parks.get() || crowded()) && self.can_park() && !self.has_read_ahead()
    }

    fn can_park(&self) -> bool {
        let quiet = !self.is_shared() && self.waits.is_idle() && !self.waits.is_blocked();
        quiet && self.at_rest.get() && self.held.is_empty()
    }

    /// Keeps what a parser that goes had read: the beginning of a request.
    pub(crate) fn hold(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.held.push(bytes);
            self.peek.set(Peek::Held);
            self.enter(Phase::Head);
        }
    }

    /// Whether something is to be read that the socket no longer has, and that is not waited for.
    pub(crate) fn has_read_ahead(&self) -> bool {
        self.stream.borrow_mut().has_read_ahead()
    }

    /// Waits, without a parser, for something to read; false if nothing is to be waited for.
    ///
    /// By hand, because an idle connection is little more than this future.
    pub(crate) fn stir(&self) -> impl Future<Output = Result<bool, Verdict>> {
        poll_fn(|cx| {
            let stirred = self.poll_stirred(cx);
            self.parks.set(stirred.is_pending());
            stirred
        })
    }

    fn poll_stirred(&self, cx: &mut Context<'_>) -> Poll<Result<bool, Verdict>> {
        if !self.held.is_empty() {
            return Poll::Ready(Ok(true));
        }
        if let Err(verdict) = self.begin(cx) {
            return Poll::Ready(Err(verdict));
        }
        if self.is_over() {
            return Poll::Ready(Ok(false));
        }
        ready!(self.stream.borrow().poll_readable(cx));
        let soon = self.waits.idle_ticks(self.now()) < IDLE_TICKS;
        self.returns.set(soon && !self.waits.is_first());
        Poll::Ready(Ok(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_full_of_parsers_until_one_goes() {
        let parking = Parking::default();
        let mut parsers: Vec<_> = (0..MOST_PARSERS).map(|_| parking.count()).collect();
        assert!(!parking.is_full());
        parsers.push(parking.count());
        assert!(parking.is_full());
        parsers.pop();
        assert!(!parking.is_full());
    }
}
