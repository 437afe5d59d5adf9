//! The numbers a running loop writes for other threads to read.

use crate::clock;
use crate::label::LabelId;
use crate::stats::{LAG_BOUNDS_MS, LagHistogram, LoopStats};
use std::array;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};
use std::time::Duration;

/// A number with one writer, the loop's thread, and any number of readers.
/// That is why it needs no read-modify-write instruction.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn add(&self, amount: u64) {
        self.set(self.read().wrapping_add(amount));
    }

    pub(crate) fn subtract(&self, amount: u64) {
        self.set(self.read().wrapping_sub(amount));
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What the loop's thread is doing, in [`Gauges::phase`].
const OUTSIDE: u8 = 0;
const BUSY: u8 = 1;
const IDLE: u8 = 2;
const CLOSED: u8 = 3;

/// One loop's numbers, kept apart from its neighbours' cache lines (128 bytes:
/// today's processors fetch lines in pairs).
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Gauges {
    label: AtomicU32,
    generation: Gauge,
    phase: AtomicU8,
    /// The beginning of the phase, by [`clock::now`].
    phase_began: Gauge,
    busy: Gauge,
    idle: Gauge,
    pub(crate) callbacks_run: Gauge,
    pub(crate) tasks_spawned: Gauge,
    pub(crate) tasks_alive: Gauge,
    pub(crate) timers_fired: Gauge,
    pub(crate) timers_pending: Gauge,
    pub(crate) panics: Gauge,
    lag: [Gauge; LAG_BOUNDS_MS.len() + 1],
    /// Written by the watchdog's thread, and seldom.
    pub(crate) stalls: Gauge,
}

/// What the watchdog looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) busy: bool,
    pub(crate) generation: u64,
}

impl Gauges {
    pub(crate) fn new() -> Gauges {
        Gauges {
            label: AtomicU32::new(LabelId::NONE.into()),
            generation: Gauge::default(),
            phase: AtomicU8::new(OUTSIDE),
            phase_began: Gauge::default(),
            busy: Gauge::default(),
            idle: Gauge::default(),
            callbacks_run: Gauge::default(),
            tasks_spawned: Gauge::default(),
            tasks_alive: Gauge::default(),
            timers_fired: Gauge::default(),
            timers_pending: Gauge::default(),
            panics: Gauge::default(),
            lag: array::from_fn(|_| Gauge::default()),
            stalls: Gauge::default(),
        }
    }

    /// Says that `label` runs from now on, and returns what ran before.
    ///
    /// The generation counts outermost sections only: two handlers within one
    /// poll hold the loop together, two polls do not.
    pub(crate) fn enter(&self, label: LabelId) -> LabelId {
        let previous = LabelId::from(self.label.load(Relaxed));
        self.label.store(label.into(), Relaxed);
        if previous == LabelId::NONE || label == LabelId::NONE {
            self.progress();
        }
        previous
    }

    /// Runs until the returned guard is dropped, by a panic too, under `label`.
    pub(crate) fn section(&self, label: LabelId) -> Section<'_> {
        Section { gauges: self, previous: self.enter(label) }
    }

    /// Tells the watchdog that the loop has got on.
    pub(crate) fn progress(&self) {
        self.generation.add(1);
    }

    /// The loop is run until the returned guard is dropped.
    pub(crate) fn running(&self) -> Running<'_> {
        Running { gauges: self, before: self.begin(BUSY) }
    }

    /// The loop falls asleep, which it does only while it is busy.
    pub(crate) fn park(&self) {
        self.busy.add(self.turn_to(IDLE));
    }

    /// The loop wakes up.
    pub(crate) fn unpark(&self) {
        self.idle.add(self.turn_to(BUSY));
        self.progress();
    }

    pub(crate) fn close(&self) {
        self.begin(CLOSED);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.load(Relaxed) == CLOSED
    }

    /// Returns the phase that has ended.
    fn begin(&self, phase: u8) -> u8 {
        let before = self.phase.load(Relaxed);
        let spent = self.turn_to(phase);
        match before {
            BUSY => self.busy.add(spent),
            IDLE => self.idle.add(spent),
            _ => (),
        }
        self.progress();
        before
    }

    /// Returns the nanoseconds of the phase that has ended.
    #[inline]
    fn turn_to(&self, phase: u8) -> u64 {
        let now = clock::now();
        let spent = now.saturating_sub(self.phase_began.read());
        self.phase_began.set(now);
        self.phase.store(phase, Relaxed);
        spent
    }

    pub(crate) fn record_lag(&self, lag: Duration) {
        let bucket = LAG_BOUNDS_MS.partition_point(|bound| Duration::from_millis(*bound) < lag);
        self.lag[bucket].add(1);
    }

    pub(crate) fn sample(&self) -> Sample {
        Sample { busy: self.phase.load(Relaxed) == BUSY, generation: self.generation.read() }
    }

    pub(crate) fn label(&self) -> LabelId {
        self.label.load(Relaxed).into()
    }

    pub(crate) fn snapshot(&self) -> LoopStats {
        let current = clock::now().saturating_sub(self.phase_began.read());
        let (busy, idle) = match self.phase.load(Relaxed) {
            BUSY => (current, 0),
            IDLE => (0, current),
            _ => (0, 0),
        };
        LoopStats {
            busy: Duration::from_nanos(self.busy.read() + busy),
            idle: Duration::from_nanos(self.idle.read() + idle),
            callbacks_run: self.callbacks_run.read(),
            tasks_spawned: self.tasks_spawned.read(),
            tasks_alive: self.tasks_alive.read(),
            timers_fired: self.timers_fired.read(),
            timers_pending: self.timers_pending.read(),
            panics: self.panics.read(),
            stalls: self.stalls.read(),
            lag: LagHistogram::new(array::from_fn(|bucket| self.lag[bucket].read())),
        }
    }
}

/// See [`Gauges::section`].
pub(crate) struct Section<'a> {
    gauges: &'a Gauges,
    previous: LabelId,
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        self.gauges.enter(self.previous);
    }
}

/// See [`Gauges::running`].
pub(crate) struct Running<'a> {
    gauges: &'a Gauges,
    /// Not always outside: who runs a loop within itself panics, and the loop goes on.
    before: u8,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.gauges.begin(self.before);
    }
}
