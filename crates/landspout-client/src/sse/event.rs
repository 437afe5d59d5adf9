//! An event as it came.

use serde::de::DeserializeOwned;

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The name; `message` for an event without one.
    pub event: String,
    /// What it says. Lines are separated by `\n`, and the last one has none.
    pub data: String,
    /// The id, or that of the last event before it that had one; empty if there was none.
    pub id: String,
}

impl Event {
    /// The data as a value that is read from JSON.
    ///
    /// # Errors
    /// The data is not JSON, or JSON of another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.data)
    }
}
