//! The writing end of a stream.

use super::frames::Frames;
use super::{EncodedEvent, Event, EventError, SseConfig};
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use landspout_handler::{Body, Request, Response};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The writing end of a stream of events.
///
/// The stream ends when this is dropped, when the client leaves, and when the server begins to stop:
/// then what was sent before still goes out, followed by the time after which to come back.
/// A stream never holds up the end of a server.
///
/// An event leaves at once. Events that come while the stream waits for its turn to be written leave
/// together, and when many streams of a loop are sent to, they are written in waves, so that other
/// connections are served in between.
#[derive(Debug)]
pub struct EventStream {
    sender: mpsc::Sender<Bytes>,
}

impl EventStream {
    /// Opens a stream with the default settings: the writing end, and the response to return.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time.
    pub fn open(request: &Request) -> (EventStream, Response) {
        EventStream::open_with(request, &SseConfig::default())
    }

    /// Opens a stream with these settings.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time.
    pub fn open_with(request: &Request, config: &SseConfig) -> (EventStream, Response) {
        let (sender, receiver) = mpsc::channel(config.queue.max(1));
        let frames = Frames::new(receiver, request.connection().clone(), config);
        let response = Response::new(Body::wrap(frames))
            .with_header(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            // nginx collects a response before it sends it on, unless it is told not to.
            .with_header(ACCEL_BUFFERING, HeaderValue::from_static("no"));
        (EventStream { sender }, response)
    }

    /// Sends an event, once there is room for it.
    ///
    /// # Errors
    /// [`SendError::Closed`] when the stream has ended, [`SendError::Invalid`] when the event cannot
    /// be written.
    ///
    /// # Cancel safety
    /// Safe: an event whose sending is dropped is not sent.
    pub async fn send(&self, event: Event) -> Result<(), SendError> {
        self.send_encoded(event.encode().map_err(SendError::Invalid)?).await
    }

    /// Sends an event that was encoded before, once there is room for it.
    ///
    /// # Errors
    /// [`SendError::Closed`] when the stream has ended.
    ///
    /// # Cancel safety
    /// Safe: an event whose sending is dropped is not sent.
    pub async fn send_encoded(&self, event: EncodedEvent) -> Result<(), SendError> {
        self.sender.send(event.into_bytes()).await.map_err(|_| SendError::Closed)
    }

    /// Sends an event if there is room for it now.
    ///
    /// # Errors
    /// [`SendError::Full`] when the client reads too slowly for the queue, [`SendError::Closed`] when
    /// the stream has ended, [`SendError::Invalid`] when the event cannot be written.
    pub fn try_send(&self, event: &Event) -> Result<(), SendError> {
        self.try_send_encoded(event.encode().map_err(SendError::Invalid)?)
    }

    /// Sends an event that was encoded before, if there is room for it now.
    ///
    /// For an event that many get: no slow client keeps the others waiting.
    ///
    /// ```
    /// use landspout_web::sse::{EncodedEvent, EventStream, SendError};
    ///
    /// /// Tells everybody, and forgets who has left or does not keep up: dropping a stream ends it,
    /// /// and the client comes back with the id of the last event that it saw.
    /// fn publish(streams: &mut Vec<EventStream>, event: &EncodedEvent) {
    ///     streams.retain(|stream| stream.try_send_encoded(event.clone()).is_ok());
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SendError::Full`] when the client reads too slowly for the queue, [`SendError::Closed`] when
    /// the stream has ended.
    pub fn try_send_encoded(&self, event: EncodedEvent) -> Result<(), SendError> {
        self.sender.try_send(event.into_bytes()).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full,
            TrySendError::Closed(_) => SendError::Closed,
        })
    }

    /// Returns when the stream has ended: the client has left, or the server is about to stop.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The id of the last event that a client saw before its stream broke: of the header
/// `Last-Event-ID`, or of the query's `last_event_id`, for a page that opens its first stream where
/// the server's rendering ended.
pub fn last_event_id(request: &Request) -> Option<Cow<'_, str>> {
    let header = request.headers().get("last-event-id");
    // The standard sends it in UTF-8, where other headers are visible ASCII.
    let id = header.and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    id.map(Cow::Borrowed).or_else(|| request.query_value("last_event_id"))
}

/// Why an event was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The stream has ended: the client has left, or the server is about to stop.
    Closed,
    /// The client reads too slowly, and its queue is full; the stream goes on.
    Full,
    /// The event cannot be written; the stream goes on.
    Invalid(EventError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full => f.write_str("the client has not read what was sent before"),
            SendError::Closed => f.write_str("the stream has ended"),
            SendError::Invalid(_) => f.write_str("the event cannot be written"),
        }
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SendError::Closed | SendError::Full => None,
            SendError::Invalid(error) => Some(error),
        }
    }
}
