//! When each endpoint is checked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use crate::clock::millis;

/// The first round begins so many milliseconds apart on average, until the slowest rhythm is
/// reached: a hundred starts a second, so that a page fills within seconds and 10 000 endpoints
/// do not all begin at once.
const FIRST_ROUND_STEP: i64 = 10;

/// Which endpoint to check next, and when: one heap, no I/O, no clock of its own.
///
/// **Place in the round.** An endpoint with interval `every` is due when
/// `now mod every == phase`. The phase comes from the hash of its id, so a restart or
/// a reload keeps the rhythm. A hash alone scatters as rain does: of 1 000 endpoints at 30 s
/// some seconds would get 20 and others 45. So the id's hash gives two places and the one in
/// the emptier second is taken, which leaves 33 ± 4.
///
/// **Late.** A check that cannot begin, because the loop was busy or too many were running,
/// begins as soon as it can; the rounds that went by meanwhile are skipped and counted, never
/// queued up. An endpoint is never checked twice at once.
///
/// Times are milliseconds of a clock that never goes back, see [`Clock`](crate::clock::Clock).
///
/// ```
/// use std::time::Duration;
/// use lookout::schedule::Schedule;
///
/// let mut schedule = Schedule::new(0, 10, [("shop", Duration::from_secs(30))]);
/// let due = schedule.next_due().unwrap();
/// let start = schedule.start(due).unwrap();
/// assert_eq!((start.endpoint, start.late, start.skipped), (0, 0, 0));
/// assert_eq!(schedule.next_due(), None);
///
/// schedule.finish(0, due + 100, Some(Duration::from_secs(5)));
/// assert!(schedule.next_due().unwrap() <= due + 5_100);
/// ```
#[derive(Debug)]
pub struct Schedule {
    rhythms: Vec<Rhythm>,
    waiting: BinaryHeap<Reverse<(i64, usize)>>,
    running: usize,
    limit: usize,
}

/// A check that is to begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The endpoint's index in the order given to [`Schedule::new`].
    pub endpoint: usize,
    /// When it was to begin, in milliseconds.
    pub due: i64,
    /// By how many milliseconds it begins late.
    pub late: i64,
    /// How many rounds went by while it could not begin.
    pub skipped: u64,
}

impl Schedule {
    /// A schedule for the endpoints, each given as id and interval (at least 1 ms), of which at
    /// most `limit` (at least 1) are checked at once.
    ///
    /// Each gets its first check within one interval, and within seconds when there are few.
    pub fn new<'a>(
        now: i64,
        limit: usize,
        endpoints: impl IntoIterator<Item = (&'a str, Duration)>,
    ) -> Self {
        let endpoints: Vec<(&str, i64)> =
            endpoints.into_iter().map(|(id, every)| (id, millis(every).max(1))).collect();
        let rhythms = phases(&endpoints);
        let spread = (endpoints.len() as i64 * FIRST_ROUND_STEP).max(1_000);
        let waiting = endpoints
            .iter()
            .zip(&rhythms)
            .enumerate()
            .map(|(index, ((id, every), rhythm))| {
                let first = now + place(id, 0, spread.min(*every));
                Reverse((first.min(rhythm.next(now)), index))
            })
            .collect();
        Schedule { rhythms, waiting, running: 0, limit: limit.max(1) }
    }

    /// When [`start`](Schedule::start) will have something next; `None` when nothing waits or
    /// as many are running as may. The moment may have passed.
    pub fn next_due(&self) -> Option<i64> {
        let Reverse((due, _)) = self.waiting.peek()?;
        (self.running < self.limit).then_some(*due)
    }

    /// The check that is to begin now, if one is due and there is room. Call until `None`.
    ///
    /// Each start must be followed by a [`finish`](Schedule::finish).
    pub fn start(&mut self, now: i64) -> Option<Start> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse((due, endpoint)) = self.waiting.pop()?;
        self.running += 1;
        let rhythm = &mut self.rhythms[endpoint];
        rhythm.begun = now;
        Some(Start { endpoint, due, late: now - due, skipped: rhythm.rounds(due, now) })
    }

    /// Notes that the check of `endpoint` has ended and plans the next one: in its next round,
    /// or `again` from now when that is sooner. Returns how many rounds went by while it ran.
    ///
    /// # Panics
    ///
    /// When `endpoint` is not an index of this schedule.
    pub fn finish(&mut self, endpoint: usize, now: i64, again: Option<Duration>) -> u64 {
        self.running = self.running.saturating_sub(1);
        let rhythm = &self.rhythms[endpoint];
        let round = rhythm.next(now);
        let due = again.map_or(round, |again| round.min(now.saturating_add(millis(again))));
        self.waiting.push(Reverse((due, endpoint)));
        rhythm.rounds(rhythm.begun, now)
    }

    /// How many checks have begun and not ended.
    pub fn running(&self) -> usize {
        self.running
    }
}

#[derive(Debug, Clone, Copy)]
struct Rhythm {
    every: i64,
    phase: i64,
    /// When the running check began, or the last one when none is running.
    begun: i64,
}

impl Rhythm {
    /// The first round after `now`.
    fn next(&self, now: i64) -> i64 {
        now + self.every - (now - self.phase).rem_euclid(self.every)
    }

    /// How many rounds lie after `from` and not after `to`.
    fn rounds(&self, from: i64, to: i64) -> u64 {
        let passed = |now: i64| (now - self.phase).div_euclid(self.every);
        u64::try_from(passed(to) - passed(from)).unwrap_or(0)
    }
}

/// Gives each endpoint its phase. Ids are taken in their own order, not in the file's, so that
/// moving an entry within the file changes nothing.
fn phases(endpoints: &[(&str, i64)]) -> Vec<Rhythm> {
    let mut order: Vec<usize> = (0..endpoints.len()).collect();
    order.sort_by_key(|index| endpoints[*index].0);
    let mut starts: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    let mut rhythms = vec![Rhythm { every: 1, phase: 0, begun: 0 }; endpoints.len()];
    for index in order {
        let (id, every) = endpoints[index];
        let load = |phase: i64| starts.get(&(every, phase / 1_000)).copied().unwrap_or(0);
        let (first, second) = (place(id, 1, every), place(id, 2, every));
        let phase = if load(second) < load(first) { second } else { first };
        *starts.entry((every, phase / 1_000)).or_default() += 1;
        rhythms[index].every = every;
        rhythms[index].phase = phase;
    }
    rhythms
}

/// A number from 0 to `range - 1` (`range` at least 1) that depends on the id and on which of
/// its places is asked for, and on nothing else, in any version and on any machine.
///
/// It is the 64-bit FNV-1a hash, with the finishing step of `MurmurHash3` behind it: FNV alone
/// gives neighbouring numbers to ids that differ only in their last letter.
fn place(id: &str, which: u8, range: i64) -> i64 {
    let fnv = id.bytes().chain([0, which]).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut hash = fnv ^ (fnv >> 33);
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    (hash % range.unsigned_abs()) as i64
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_place_of_an_id_never_changes() {
        assert_eq!(place("shop", 1, i64::MAX), 2_853_691_547_589_748_359);
        assert_eq!(place("shop", 2, 30_000), 16_265);
        assert_eq!(place("größe", 1, 30_000), 28_059);
    }
}
