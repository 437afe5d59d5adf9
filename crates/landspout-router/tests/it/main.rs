//! What the router promises, one module for each behaviour.
#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

mod auto_traits;
mod conflicts;
mod hosts;
mod matching;
mod methods;
mod model;
mod nesting;
mod params;
mod patterns;
mod readme;
mod spelling;
mod trailing_slash;
mod urls;

/// The same cases in every run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
