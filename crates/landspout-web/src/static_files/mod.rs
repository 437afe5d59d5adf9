//! Files as they are: of a directory, or built into the program.
//!
//! [`Directory`] and [`Embedded`] answer GET and HEAD for the path that a request has below where
//! they are [mounted](crate::Application::mount), and both know `ETag`, `If-None-Match` and
//! a single `Range`.
//!
//! ```
//! use landspout_web::static_files::Embedded;
//! use landspout_web::{Application, Handler, Request};
//!
//! // `include_bytes!("../static/page.css")` in a program.
//! const FILES: &[(&str, &[u8])] = &[("page.css", b"body { color: navy }")];
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let application = Application::new().mount("/static", Embedded::new(FILES));
//! let response = application.handle(Request::get("/static/page.css")).await;
//! assert_eq!(response.headers()["content-type"], "text/css; charset=utf-8");
//! # });
//! ```
//!
//! # What no path reaches
//!
//! A path is refused as a whole, with 404, when a segment, percent-decoded, is `.` or `..` or
//! empty, begins with a dot (`.git`, `.env`; `.well-known` is let through), has a slash, a backslash
//! or a NUL, or is not UTF-8; on Windows also when it has a colon. What is left is looked up below
//! the root, and a symbolic link that leads out of the root is 404 as well.

mod answer;
mod at_once;
mod content;
mod directory;
mod embedded;
mod path;

pub use directory::Directory;
pub use embedded::Embedded;
