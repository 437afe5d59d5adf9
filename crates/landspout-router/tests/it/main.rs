//! What the router promises, one module for each behaviour.
#![allow(missing_docs, clippy::unwrap_used)]

mod auto_traits;
mod conflicts;
mod hosts;
mod matching;
mod methods;
mod model;
mod nesting;
mod params;
mod patterns;
mod spelling;
mod trailing_slash;
mod urls;
