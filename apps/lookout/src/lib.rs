//! lookout, a self-hosted endpoint monitor; this library is the whole of it but `main`.
//!
//! The core takes values and returns values; only [`store`] does I/O. One check goes through the
//! rooms in this order:
//!
//! ```
//! use lookout::{config::Config, decide::Decider, expect::Answer, outcome::Outcome};
//! use std::time::Duration;
//!
//! // config: a file becomes endpoints.
//! let config = Config::sample("127.0.0.1:8888".parse()?);
//! let endpoint = &config.endpoints[0];
//!
//! // expect: an answer becomes an outcome.
//! let answer = Answer { status: 200, body: b"ok", cut: false, total: Duration::from_millis(3) };
//! let judgement = endpoint.expect.judge(&answer);
//! let outcome = Outcome { verdict: judgement.verdict(), ..Outcome::default() };
//!
//! // decide: outcomes become states.
//! let flip = Decider::new(endpoint.rule).decide(&outcome).expect("the first answer is news");
//! assert_eq!(flip.to.as_str(), "up");
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

pub mod cli;
pub mod config;

pub mod endpoint;
pub mod schedule;

pub mod expect;
pub mod outcome;

pub mod decide;
pub mod state;

pub mod store;

pub mod archive;
pub mod board;
pub mod check;
pub mod live;
pub mod metrics;
pub mod monitor;
pub mod pages;
pub mod run;

pub mod draw;
pub mod view;

pub mod clock;
pub mod duration;
