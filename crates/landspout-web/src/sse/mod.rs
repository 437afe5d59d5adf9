//! Server-sent events: a response that goes on, and that a browser opens again when it breaks.
//!
//! A handler [opens](EventStream::open) a stream, hands the writing end to a task, and returns the
//! response.
//!
//! ```
//! use landspout_web::sse::{Event, EventStream, last_event_id};
//! use landspout_web::{Handler, Request, Response};
//!
//! async fn count(request: Request) -> Response {
//!     let seen = last_event_id(&request).and_then(|id| id.parse().ok());
//!     let next = seen.map_or(1, |seen: u64| seen + 1);
//!     let (events, response) = EventStream::open(&request);
//!     tokio::task::spawn_local(async move {
//!         for number in next..=3 {
//!             let event = Event::new(format!("number {number}")).id(number.to_string());
//!             if events.send(event).await.is_err() {
//!                 break; // The client has left, or the server is about to stop.
//!             }
//!         }
//!     });
//!     response
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # tokio::task::LocalSet::new().block_on(&runtime, async {
//! let again = Request::get("/").with_header("last-event-id".parse()?, "2".parse()?);
//! let text = count.handle(again).await.into_body().text().await?;
//! assert_eq!(text, "retry: 3000\n\nid: 3\ndata: number 3\n\n");
//! # Ok::<(), landspout_web::Error>(()) }).unwrap();
//! ```
//!
//! The format is that of the [HTML standard](https://html.spec.whatwg.org/#server-sent-events).

mod config;
mod event;
mod event_stream;
mod frames;
mod turns;

pub use config::SseConfig;
pub use event::{EncodedEvent, Event, EventError};
pub use event_stream::{EventStream, SendError, last_event_id};
