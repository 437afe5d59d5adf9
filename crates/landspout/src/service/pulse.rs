//! Whether a loop turns.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What one loop shows of its life.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beats: AtomicU64,
    stage: AtomicU8,
}

const BEGUN: u8 = 1;
const ENDED: u8 = 2;

impl Pulse {
    /// Says that the loop begins; false if it has begun before, and was started again.
    pub(super) fn begin(&self) -> bool {
        self.stage.swap(BEGUN, Ordering::AcqRel) == 0
    }

    /// Says that nothing is to be heard of it any more.
    pub(super) fn end(&self) {
        self.stage.store(ENDED, Ordering::Release);
    }

    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Release);
    }

    /// Whether it has beaten since it was `seen`, or need not any more.
    pub(super) fn has_beaten(&self, seen: &mut u64) -> bool {
        let beats = self.beats.load(Ordering::Acquire);
        let has_beaten = std::mem::replace(seen, beats) != beats;
        has_beaten || self.stage.load(Ordering::Acquire) == ENDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_alive_if_it_has_beaten_since_or_has_ended() {
        let (pulse, mut seen) = (Pulse::default(), 0);
        assert!(pulse.begin());
        assert!(!pulse.begin());
        assert!(!pulse.has_beaten(&mut seen));
        pulse.beat();
        assert!(pulse.has_beaten(&mut seen));
        assert!(!pulse.has_beaten(&mut seen));
        pulse.end();
        assert!(pulse.has_beaten(&mut seen));
    }
}
