//! Random numbers, from the system.

/// Sixty-four random bits. Where the system has none to give, which no supported one does once it
/// has started, they are those of a hasher's random keys.
pub(crate) fn bits() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => RandomState::new().hash_one(()),
    }
}

/// A hundred and twenty-eight of them, as 32 digits.
pub(crate) fn hex() -> String {
    format!("{:016x}{:016x}", bits(), bits())
}

/// A number from 0 to 1, 1 not included.
pub(crate) fn fraction() -> f64 {
    /// 2^53: the numbers that an f64 holds exactly.
    const STEPS: u64 = 1 << 53;
    (bits() % STEPS) as f64 / STEPS as f64
}
