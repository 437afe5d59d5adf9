//! A path to value map with parameters, and URLs back from names.
//!
//! ```
//! use http::Method;
//! use landspout_router::{Methods, Router};
//!
//! let mut router = Router::new();
//! router.insert("/story/{id}", Methods::new().with(Method::GET, "read a story")?)?;
//! router.insert("/static/{*file}", Methods::new().with(Method::GET, "send a file")?)?;
//! router.name("story", "/story/{id}")?;
//!
//! let found = router.at("/story/caf%C3%A9")?;
//! let id = found.params.get("id").expect("the pattern has an id");
//! assert_eq!(id.decode()?, "café");
//! assert_eq!(found.value.at(&Method::HEAD), Ok(&"read a story"));
//! assert_eq!(router.url("story", &[("id", &"café")])?, "/story/caf%C3%A9");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Patterns
//!
//! | pattern | matches | parameters |
//! |---|---|---|
//! | `/about` | `/about` | |
//! | `/story/{id}` | `/story/7`, not `/story/` or `/story/7/edit` | `id` = `7` |
//! | `/story/{id}.json` | `/story/7.json` | `id` = `7` |
//! | `/static/{*file}` | `/static/css/main.css`, not `/static/` | `file` = `css/main.css` |
//! | `/{{draft}}` | `/{draft}` | |
//!
//! A parameter is never empty. A segment holds one parameter at most, and a
//! catch-all is the whole last segment. Where several patterns match, the first
//! segment in which they differ decides: plain text comes before a parameter with
//! text around it, the longer text first, and that before a parameter alone and a
//! catch-all. When the chosen branch leads nowhere, the next one is tried, with one
//! exception: the longest suffix that fits a segment is not reconsidered.
//!
//! # How paths are compared
//!
//! - A path is compared by the characters that it spells. `/caf%C3%A9`,
//!   `/caf%c3%a9` and `/c%61fé` are one path, and `/café` is the pattern for it. The
//!   exception is `%2F`, which is a character of its segment and divides nothing.
//! - Nothing is removed: `/a/../b` and `/a//b` are matched as they stand. A handler
//!   that turns a parameter into a file name has to look for `..` itself.
//! - A trailing slash counts, unless [`Router::trailing_slash`] says otherwise.
//!
//! # Where things are
//!
//! [`Router`] finds a value for a path, [`Params`] reads what the path said,
//! [`Methods`] chooses by method, [`Hosts`] by host. What cannot be inserted is an
//! [`InsertError`]; nothing in this crate panics on a pattern or a path.

mod error;
mod host;
mod methods;
mod params;
mod pattern;
mod plain;
mod router;
mod spelling;
mod url;

pub use error::{DuplicateMethod, InsertError, Miss, ParamError, UrlError};
pub use host::{HostMatch, Hosts};
pub use methods::{Allow, Methods};
pub use params::{Param, Params};
pub use router::{Match, Route, Router, TrailingSlash};
