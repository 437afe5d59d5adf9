//! What Tornado would be if it were born in Rust: event loop, server, client and web framework.
//!
//! ```no_run
//! use landspout::{Error, Request, RequestHandler, Resource, Response, web::Application};
//!
//! async fn hello(_: Request) -> &'static str {
//!     "Hello, world"
//! }
//!
//! struct Story;
//!
//! impl RequestHandler for Story {
//!     async fn get(&self, request: Request) -> Result<Response, Error> {
//!         let (id,): (u64,) = request.path()?;
//!         Ok(Response::text(format!("this is story {id}")))
//!     }
//! }
//!
//! fn main() -> Result<(), landspout::ServeError> {
//!     landspout::serve("127.0.0.1:8888", || {
//!         Application::new().route("/", hello).route("/story/{id}", Resource(Story))
//!     })
//! }
//! ```
//!
//! Each part is a crate of its own, and a module here:
//!
//! | module | crate | what it is | feature |
//! |---|---|---|---|
//! | [`event_loop`] | `landspout-loop` | tasks, timers, callbacks, one loop per core | |
//! | [`router`] | `landspout-router` | a path to value map, and URLs back | |
//! | [`handler`] | `landspout-handler` | Request, Response, and the handler traits | |
//! | [`server`] | `landspout-server` | accepts connections and feeds a handler | `server` |
//! | [`client`] | `landspout-client` | sends requests | `client` |
//! | [`web`] | `landspout-web` | routes, middleware, error pages | `web` |
//! | `web::template` | | pages from templates | `templates` |
//! | `web::static_files` | | files of a directory or of the binary | `static-files` |
//! | `web::sse` | | server-sent events | `sse` |
//! | `web::websocket` | | WebSockets as handlers | `websocket` |
//! | `websocket` | `landspout-websocket` | WebSockets over any stream | `websocket` |
//!
//! The names that a first program needs stand here at the root: the vocabulary of handlers, one
//! type of each part, and [`serve`].

#[cfg(feature = "metrics")]
mod loop_figures;
#[cfg(all(feature = "server", not(all(unix, feature = "service"))))]
mod no_service;
#[cfg(feature = "server")]
mod serve;
#[cfg(all(unix, feature = "service"))]
mod service;

#[cfg(feature = "client")]
pub use landspout_client as client;
pub use landspout_handler as handler;
pub use landspout_loop as event_loop;
pub use landspout_router as router;
#[cfg(feature = "server")]
pub use landspout_server as server;
#[cfg(feature = "web")]
pub use landspout_web as web;
#[cfg(feature = "websocket")]
pub use landspout_websocket as websocket;

#[cfg(feature = "client")]
pub use landspout_client::Client;
pub use landspout_handler::{
    Body, BodyWriter, Error, Handler, Html, IntoResponse, Json, Middleware, Next, Request,
    RequestHandler, Resource, Response,
};
pub use landspout_loop::EventLoop;
pub use landspout_router::Router;
#[cfg(feature = "server")]
pub use landspout_server::Server;
#[cfg(feature = "server")]
pub use serve::{Serve, ServeConfig, ServeError, serve};
#[cfg(all(unix, feature = "service"))]
pub use service::RestartConfig;
