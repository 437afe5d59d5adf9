//! What was written to the log.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local!(static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) });

/// The log of the current thread.
pub(crate) struct Caught;

impl Caught {
    /// Begins with what is written from now on.
    pub(crate) fn begin() -> Caught {
        // One catcher for all tests: catchers that come and go would change, for all threads, which
        // lines are written at all.
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| tracing::subscriber::set_global_default(Catcher).unwrap());
        LINES.take();
        Caught
    }

    /// The lines since the last call, as level and `message field=value…`.
    pub(crate) fn take(&self) -> Vec<(Level, String)> {
        LINES.take()
    }
}

struct Catcher;

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
        LINES.with_borrow_mut(|lines| lines.push((*event.metadata().level(), line.0)));
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
