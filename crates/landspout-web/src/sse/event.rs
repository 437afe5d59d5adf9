//! An event, and how it is written.

use bytes::Bytes;
use serde::Serialize;
use std::error::Error;
use std::fmt::{self, Write};
use std::time::Duration;

/// An event, as the standard has it; closed, because the standard has no other fields.
///
/// ```
/// use landspout_web::sse::Event;
///
/// let event = Event::new("two\nlines").event("news").id("7");
/// assert_eq!(event.encode()?.as_str(), "id: 7\nevent: news\ndata: two\ndata: lines\n\n");
/// # Ok::<(), landspout_web::sse::EventError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// What a client that comes back repeats as `Last-Event-ID`. One line, without NUL.
    pub id: Option<String>,
    /// The name under which the page listens; without one it is `message`. One line.
    pub event: Option<String>,
    /// What the event says. The client sees each line break, `\r\n` and `\r` included, as `\n`.
    pub data: String,
    /// After what time the client opens a broken stream again, in whole milliseconds.
    pub retry: Option<Duration>,
}

impl Event {
    /// An event that says this.
    pub fn new(data: impl Into<String>) -> Event {
        Event { data: data.into(), ..Event::default() }
    }

    /// An event that says a value as JSON, in one line.
    ///
    /// # Errors
    /// The value has no JSON form, such as a map whose keys are not strings: a 500.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Event, landspout_handler::Error> {
        Ok(Event::new(serde_json::to_string(value)?))
    }

    /// Sets [`id`](Event::id).
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Event {
        self.id = Some(id.into());
        self
    }

    /// Sets [`event`](Event::event).
    #[must_use]
    pub fn event(mut self, event: impl Into<String>) -> Event {
        self.event = Some(event.into());
        self
    }

    /// Sets [`retry`](Event::retry).
    #[must_use]
    pub fn retry(mut self, retry: Duration) -> Event {
        self.retry = Some(retry);
        self
    }

    /// Writes the event as it goes over the wire: once for many clients.
    ///
    /// # Errors
    /// The id or the name has a line break, or the id a NUL: the client would see another event
    /// than this, or none.
    pub fn encode(&self) -> Result<EncodedEvent, EventError> {
        let mut text = String::with_capacity(self.data.len() + 32);
        if let Some(id) = &self.id {
            if id.contains(['\r', '\n', '\0']) {
                return Err(EventError { field: "id" });
            }
            field(&mut text, "id", id);
        }
        if let Some(event) = &self.event {
            if event.contains(['\r', '\n']) {
                return Err(EventError { field: "event" });
            }
            field(&mut text, "event", event);
        }
        if let Some(retry) = self.retry {
            field(&mut text, "retry", retry.as_millis());
        }
        for line in lines(&self.data) {
            field(&mut text, "data", line);
        }
        text.push('\n');
        Ok(EncodedEvent(text.into()))
    }
}

fn field(text: &mut String, name: &str, value: impl fmt::Display) {
    writeln!(text, "{name}: {value}").expect("a String can be written to");
}

/// The lines of a text, at least one. `\r\n`, `\r` and `\n` each end one, as in the parsers of
/// clients.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split_inclusive(['\r', '\n']);
    let mut after_return = false;
    let inside = lines.filter_map(move |line| {
        let second_half = std::mem::replace(&mut after_return, line.ends_with('\r'));
        (!(second_half && line == "\n")).then(|| line.trim_end_matches(['\r', '\n']))
    });
    // A text without a line, or with a break at its end, has one more line, which is empty.
    let last = text.is_empty() || text.ends_with(['\r', '\n']);
    inside.chain(last.then_some(""))
}

/// An event as it goes over the wire. A clone shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedEvent(Bytes);

impl EncodedEvent {
    /// The event as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was made of a String")
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Why an event cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    field: &'static str,
}

impl EventError {
    /// The field at fault: `id` or `event`.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the field `{}` of an event has to be one line", self.field)
    }
}

impl Error for EventError {}
