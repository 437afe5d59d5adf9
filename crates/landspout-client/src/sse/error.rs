//! Why there are no more events.

use crate::{ClientResponse, FetchError};
use http::header::CONTENT_TYPE;
use std::error::Error;
use std::fmt;

/// Why an [`EventSource`](super::EventSource) has no more events, and does not try again.
#[derive(Debug)]
#[non_exhaustive]
pub enum EventSourceError {
    /// The request cannot be sent as it is; or it failed for the last time that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows.
    Fetch(FetchError),
    /// The stream ended without a failure, for the last time that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows.
    Ended,
    /// The server answered with a status other than 200 and 204; or with 429 or one of 500, 502, 503
    /// and 504, for the last time that
    /// [`max_attempts`](crate::BackoffConfig#structfield.max_attempts) allows. The body, which often
    /// says why, can be read.
    Refused(Box<ClientResponse>),
    /// The answer's `Content-Type` is not `text/event-stream`.
    ContentType(Box<ClientResponse>),
    /// An event was longer than [`max_event`](super::EventSourceConfig#structfield.max_event), which
    /// is this many bytes.
    TooLong(usize),
}

impl fmt::Display for EventSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventSourceError::Fetch(_) => f.write_str("the event stream could not be opened"),
            EventSourceError::Ended => f.write_str("the event stream has ended too often"),
            EventSourceError::Refused(response) => {
                write!(f, "the server answered {}", response.status())
            }
            EventSourceError::ContentType(response) => {
                let found = response.header(CONTENT_TYPE).unwrap_or("nothing");
                write!(f, "the answer is not a text/event-stream: its content type is {found}")
            }
            EventSourceError::TooLong(limit) => {
                write!(f, "an event is longer than {limit} bytes")
            }
        }
    }
}

impl Error for EventSourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            EventSourceError::Fetch(error) => Some(error),
            _ => None,
        }
    }
}
