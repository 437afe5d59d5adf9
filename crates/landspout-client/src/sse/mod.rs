//! Server-sent events, as a client: a stream of events that is opened again when it breaks.
//!
//! ```
//! use landspout_client::{Client, Response};
//! use landspout_client::sse::EventSourceConfig;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let client = Client::over(|_| async {
//! #     let body = "event: rain\ndata: light\nid: 7\n\n";
//! #     Response::text(body).with_header("content-type".parse().unwrap(), "text/event-stream".parse().unwrap())
//! # });
//! # /*
//! let client = Client::new();
//! # */
//! let mut events = client.get("http://localhost/weather").events(EventSourceConfig::default());
//! if let Some(event) = events.next().await? {
//!     assert_eq!((&*event.event, &*event.data, &*event.id), ("rain", "light", "7"));
//! }
//! # Ok(()) }
//! # let builder = &mut tokio::runtime::Builder::new_current_thread();
//! # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
//! ```
//!
//! The stream is read by the rules of the HTML standard (§9.2). When it ends or breaks, it is opened
//! again with `Last-Event-ID`, so that a server which keeps its events leaves no hole. A server that
//! wants no more of it answers 204.

mod config;
mod error;
mod event;
mod parser;
mod source;

pub use config::EventSourceConfig;
pub use error::EventSourceError;
pub use event::Event;
pub use source::EventSource;
