//! Request, Response, and the traits that turn one into the other.
//!
//! A [`Handler`] is an async function from [`Request`] to [`Response`]. Everything that speaks HTTP
//! is one: a plain `async fn`, a struct with a method for each verb ([`RequestHandler`]), a handler
//! with a middleware around it, a whole application, and a client that sends the request onwards.
//! This crate holds that vocabulary and nothing else: no socket, no parser, no event loop.
//!
//! ```
//! use landspout_handler::{Error, Handler, Next, Request, Response};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Greeting { name: String }
//!
//! async fn greet(request: Request) -> Result<String, Error> {
//!     let greeting: Greeting = request.query()?;
//!     Ok(format!("Hello, {}", greeting.name))
//! }
//!
//! async fn never_cached(request: Request, next: Next) -> Response {
//!     let mut response = next.run(request).await;
//!     response.headers_mut().insert("cache-control", "no-store".parse().expect("a valid value"));
//!     response
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let handler = greet.wrap(never_cached);
//! let response = handler.handle(Request::get("/?name=Ada")).await;
//! assert_eq!(response.headers()["cache-control"], "no-store");
//! assert_eq!(response.into_body().text().await.unwrap(), "Hello, Ada");
//!
//! let response = handler.handle(Request::get("/")).await;
//! assert_eq!(response.status(), 400);
//! assert_eq!(response.into_body().text().await.unwrap(), "query: missing field `name`");
//! # });
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`Request`], [`Response`], [`Body`] | the values; all three are `Send`, so that a client can carry them anywhere |
//! | [`Request::path`], [`query`](Request::query), [`json`](Request::json), [`form`](Request::form) | typed arguments, whose errors are answers |
//! | [`Handler`], [`RequestHandler`], [`Middleware`] | what turns a request into a response; none need be `Send` |
//! | [`Error`] | a status, a message for the client, and a cause that the client never sees |
//! | [`Connection`], [`Upgrade`] | what the server tells about the wire, and how to take it over |

mod arguments;
mod body;
mod body_error;
mod boxed;
mod connection;
mod cookie;
mod disconnect;
mod error;
mod handler;
mod into_response;
mod json;
mod limit;
mod middleware;
mod origin;
mod packed;
mod panic;
mod path;
mod place;
mod request;
mod request_handler;
mod response;
mod route;
mod spare;
mod state;
mod tls_session;
mod upgrade;
mod watch;
mod writer;

pub use body::Body;
pub use body_error::BodyError;
pub use boxed::BoxHandler;
pub use connection::Connection;
pub use disconnect::CancelOnDisconnect;
pub use error::Error;
pub use handler::Handler;
pub use into_response::{Html, IntoResponse, Json};
pub use limit::{BodyLimit, Deadline, TimeLimit};
pub use middleware::{Middleware, Next, Wrapped};
pub use origin::Forwarded;
pub use panic::{Panic, catch_panic, contain_panic};
pub use request::Request;
pub use request_handler::{RequestHandler, Resource};
pub use response::Response;
pub use route::Route;
pub use state::{State, StateBuilder};
pub use tls_session::TlsSession;
pub use upgrade::{Upgrade, UpgradeSender, Upgraded};
pub use watch::{Watch, watched};
pub use writer::BodyWriter;
