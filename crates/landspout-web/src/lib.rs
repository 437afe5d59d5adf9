//! Web applications: routes, middleware, templates, static files, server-sent events.
//!
//! An [`Application`] is a [`Handler`]: whatever feeds it requests, a server or a test, gets the
//! response of the route, or the page of the error.
//!
//! ```
//! use landspout_web::{Application, Error, Handler, Json, Request, get};
//!
//! async fn hello(_: Request) -> &'static str { "Hello, world" }
//!
//! async fn double(request: Request) -> Result<Json<u32>, Error> {
//!     let (number,): (u32,) = request.path()?;
//!     Ok(Json(number * 2))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let application = Application::new().route("/", hello).route("/double/{number}", get(double));
//!
//! let response = application.handle(Request::get("/double/21")).await;
//! assert_eq!(response.into_body().text().await.unwrap(), "42");
//! let response = application.handle(Request::post("/double/21")).await;
//! assert_eq!(response.status(), 405);
//! assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
//! # });
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`Application`], [`Routes`] | from a path to a handler, and what stands around it |
//! | [`get`], [`post`], [`any`] and their like; [`redirect`] | handlers that are made of others, or of nothing |
//! | [`Urls`] | from the name of a route to its URL |
//! | [`ErrorPage`] | what clients are told of errors |
//! | `static_files` (feature `static-files`) | files of a directory, or built into the program |
//! | `template` (feature `templates`) | pages made of Jinja templates, escaped |
//! | `sse` (feature `sse`) | responses that go on: server-sent events |
//! | `websocket` (feature `websocket`) | connections on which both sides speak |
//!
//! What handlers are made of is the vocabulary of `landspout-handler`, repeated here.

mod application;
mod routes;

mod by_method;
mod mount;
mod redirect;
mod urls;

mod dispatch;
mod endpoint;
mod layer;
mod route_error;

mod accept;
mod error_page;
mod page_body;

#[cfg(feature = "static-files")]
mod conditional;
#[cfg(feature = "static-files")]
mod range;
#[cfg(feature = "static-files")]
pub mod static_files;

#[cfg(feature = "templates")]
pub mod template;

#[cfg(feature = "sse")]
pub mod sse;

#[cfg(feature = "websocket")]
pub mod websocket;

pub use application::Application;
pub use by_method::{ByMethod, any, delete, get, head, options, patch, post, put};
pub use error_page::{ErrorPage, PageFormat};
pub use redirect::{Redirect, redirect};
pub use route_error::RouteError;
pub use routes::Routes;
pub use urls::Urls;

pub use landspout_handler::{
    Body, Error, Handler, Html, IntoResponse, Json, Middleware, Next, Request, RequestHandler,
    Resource, Response,
};
pub use landspout_router::TrailingSlash;
