//! A clock that is a number.
//!
//! A loop reads it twice in each turn, and other threads read what it wrote. Of the standard
//! library's `Instant` it takes more instructions to make a number than to read the time.

/// Nanoseconds since some moment in the past. They never go back.
#[cfg(unix)]
#[inline]
pub(crate) fn now() -> u64 {
    use nix::time::{ClockId, clock_gettime};

    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("each system has a monotonic clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}

/// Nanoseconds since the first call.
#[cfg(not(unix))]
pub(crate) fn now() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;

    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
