//! The specification of the crate, a module for each behaviour.

#![allow(missing_docs, clippy::unwrap_used)]

mod auto_traits;
#[cfg(feature = "static-files")]
mod conditions;
#[cfg(feature = "static-files")]
mod embedded_files;
mod error_pages;
#[cfg(feature = "sse")]
mod event_streams;
#[cfg(feature = "sse")]
mod event_waves;
#[cfg(feature = "sse")]
mod events;
#[cfg(feature = "websocket")]
mod handshakes;
mod log;
mod methods;
mod middleware;
mod mistakes;
mod mounting;
mod panics;
#[cfg(feature = "static-files")]
mod ranges;
mod readme;
mod redirects;
mod routing;
#[cfg(feature = "websocket")]
mod sockets;
mod state;
#[cfg(feature = "static-files")]
mod static_files;
#[cfg(feature = "templates")]
mod templates;

use landspout_web::{Handler, Request, Response};

/// Runs on one thread, as a loop does, with a clock that stands still while there is work.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

/// Status and body.
async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.into_body().text().await.unwrap())
}

/// Status and body of a GET.
async fn fetch(handler: &impl Handler, path: &str) -> (u16, String) {
    text(handler.handle(Request::get(path)).await).await
}

/// A header of a response, or the empty text.
fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// An empty directory of this test alone.
#[cfg(any(feature = "static-files", feature = "templates"))]
fn empty_directory(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&path).ok();
    std::fs::create_dir_all(&path).unwrap();
    path
}
