//! What was written to the log.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Catches the log of the current thread until it is dropped.
pub(crate) struct Caught {
    lines: Arc<Mutex<Vec<(Level, String)>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Caught {
    pub(crate) fn begin() -> Caught {
        let lines = Arc::default();
        let catcher = Catcher(Arc::clone(&lines));
        Caught { lines, _guard: tracing::subscriber::set_default(catcher) }
    }

    /// The lines since the last call, as level and `message field=value…`.
    pub(crate) fn take(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

struct Catcher(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Catcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("landspout_web")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}
