//! Idle connections, by how long they have been idle.

use crate::route::Route;
use std::collections::VecDeque;

/// The numbers of all idle connections, and where each leads; the one that has been idle longest is
/// first.
///
/// Numbers rise. The connection that is reused is the one used last at its host, so that it most
/// often is the last here too, and nothing has to be looked for. One that leaves from elsewhere
/// leaves a gap; when more than half are gaps, they are closed.
#[derive(Debug, Default)]
pub(super) struct IdleLine {
    /// The last one is no gap.
    line: VecDeque<(u64, Option<Route>)>,
    gaps: usize,
}

impl IdleLine {
    pub(super) fn len(&self) -> usize {
        self.line.len() - self.gaps
    }

    /// `number` is higher than all before.
    pub(super) fn push(&mut self, number: u64, route: Route) {
        self.line.push_back((number, Some(route)));
    }

    /// Takes one out, wherever it stands.
    pub(super) fn remove(&mut self, number: u64) {
        if self.line.back().is_some_and(|&(last, _)| last == number) {
            self.line.pop_back();
        } else if let Ok(place) = self.line.binary_search_by_key(&number, |&(number, _)| number) {
            self.gaps += usize::from(self.line[place].1.take().is_some());
        }
        self.tidy();
    }

    /// Takes the one out that has been idle longest.
    pub(super) fn pop_first(&mut self) -> Option<(u64, Route)> {
        loop {
            match self.line.pop_front()? {
                (number, Some(route)) => return Some((number, route)),
                (_, None) => self.gaps -= 1,
            }
        }
    }

    fn tidy(&mut self) {
        while self.line.pop_back_if(|(_, route)| route.is_none()).is_some() {
            self.gaps -= 1;
        }
        if self.gaps > self.line.len() / 2 {
            self.line.retain(|(_, route)| route.is_some());
            self.gaps = 0;
        }
    }
}
