//! Which connections have a parser.
//!
//! A parser and its buffers take some 10 KiB. A connection on which nothing is being said does
//! without: it is *parked*, a socket and a few words, and its next byte makes another parser.

use crate::deadline::Phase;
use crate::http2::Peek;
use crate::link::{Link, Verdict};
use std::cell::Cell;
use std::task::Poll;

/// How many ticks without a request a connection keeps its parser. The memory that an allocator was
/// once given rarely goes back to the system, so the sooner the better.
pub(crate) const IDLE_TICKS: u32 = 2;

/// From so many parsers on, a new one takes the place of an idle one at once: connections that come
/// faster than the ticks would otherwise all have one for a moment, and the memory for that would
/// stay. Less would let a few hundred busy connections park between their requests, which costs
/// each of those about a third more.
const MOST_PARSERS: usize = 512;

/// How many connections are looked at for one that can be parked.
const LOOKS: usize = 32;

/// The parsers of one loop.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    parsers: Cell<usize>,
    /// The place among the connections where the next look begins.
    hand: Cell<usize>,
}

impl Parking {
    /// Counts a parser for as long as the value lives.
    pub(crate) fn count(&self) -> Parser<'_> {
        self.parsers.set(self.parsers.get() + 1);
        Parser(self)
    }

    /// Goes on around `places` connections until `park` has parked one, if there are too many
    /// parsers.
    pub(crate) fn make_room(&self, places: usize, mut park: impl FnMut(usize) -> bool) {
        if self.parsers.get() < MOST_PARSERS {
            return;
        }
        for _ in 0..LOOKS.min(places) {
            let place = self.hand.get() % places;
            self.hand.set(place + 1);
            if park(place) {
                return;
            }
        }
    }
}

/// A parser that is counted.
#[derive(Debug)]
pub(crate) struct Parser<'a>(&'a Parking);

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        self.0.parsers.set(self.0.parsers.get() - 1);
    }
}

/// A connection comes to rest.
impl Link {
    /// Lets the connection's task drop its parser, if it may; false if it may not.
    pub(crate) fn ask_to_park(&self) -> bool {
        let asks = !self.parks.get() && self.can_park();
        if asks {
            self.parks.set(true);
            self.wake();
        }
        asks
    }

    /// Whether the parser is to go, now that it was polled.
    pub(crate) fn is_to_park(&self) -> bool {
        self.parks.get() && self.can_park()
    }

    fn can_park(&self) -> bool {
        let quiet = !self.is_shared() && self.waits.is_idle() && !self.waits.is_blocked();
        quiet && self.at_rest.get() && self.held.borrow().is_empty()
    }

    /// Keeps what a parser that goes had read: the beginning of a request.
    pub(crate) fn hold(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.held.borrow_mut().extend_from_slice(bytes);
            self.peek.set(Peek::Held);
            self.enter(Phase::Head);
        }
    }

    /// Whether bytes may be waiting that the socket no longer has.
    pub(crate) fn reads_ahead(&self) -> bool {
        self.stream.borrow().reads_ahead()
    }

    /// Waits, without a parser, for something to read; false if nothing is to be waited for.
    pub(crate) async fn stir(&self) -> Result<bool, Verdict> {
        if !self.held.borrow().is_empty() {
            return Ok(true);
        }
        self.parks.set(true);
        let stirred = self.turns(|cx| match self.is_over() {
            true => Poll::Ready(false),
            false => self.stream.borrow().poll_readable(cx).map(|()| true),
        });
        let stirred = stirred.await;
        self.parks.set(false);
        stirred
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_from_the_last_parser_on_and_goes_around() {
        let parking = Parking::default();
        let mut parsers: Vec<_> = (1..MOST_PARSERS).map(|_| parking.count()).collect();
        parking.make_room(3, |_| panic!("there is room"));
        parsers.push(parking.count());
        let mut parked = Vec::new();
        for _ in 0..4 {
            // The connection in the middle is busy.
            parking.make_room(3, |place| {
                parked.extend((place != 1).then_some(place));
                place != 1
            });
        }
        assert_eq!(parked, [0, 2, 0, 2]);
        drop(parsers);
        parking.make_room(3, |_| panic!("there is room again"));
    }

    #[test]
    fn a_crowd_that_is_busy_is_not_searched_for_long() {
        let parking = Parking::default();
        let _parsers: Vec<_> = (0..MOST_PARSERS).map(|_| parking.count()).collect();
        let mut looks = 0;
        parking.make_room(10_000, |_| {
            looks += 1;
            false
        });
        assert_eq!(looks, LOOKS);
    }
}
