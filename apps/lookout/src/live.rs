//! The live wire: what changes on the board, as it changes, to everyone who looks.

use std::rc::Rc;
use std::time::Duration;

use landspout::event_loop::spawn_named;
use landspout::web::sse::{EncodedEvent, Event, EventStream, SendError, last_event_id};
use landspout::{Error, Request, Response};
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::board::Entry;
use crate::pages::Lookout;
use crate::view::{Row, Summary};

/// A page hears something at least so often, or it is stale.
const BEAT: Duration = Duration::from_secs(10);

/// The least time from one round of news to the next: what changes faster is told together.
const PACE: Duration = Duration::from_secs(1);

/// Answers `/events`: the rows that the viewer has not seen, then each change.
///
/// The id of an event is the board's version that it brings the viewer to, so that one who comes
/// back gets what it missed, however long it was away, and nothing twice.
pub async fn events(request: Request) -> Result<Response, Error> {
    let lookout = Rc::clone(&*request.per_loop::<Rc<Lookout>>()?);
    let seen = last_event_id(&request).map_or(0, |id| lookout.board.version_of(&id));
    let (stream, response) = EventStream::open(&request);
    let viewer = Viewer { lookout, stream, seen, summary: None };
    drop(spawn_named("viewer", viewer.watch()));
    Ok(response)
}

struct Viewer {
    lookout: Rc<Lookout>,
    stream: EventStream,
    /// The version of the board up to which everything was sent.
    seen: u64,
    summary: Option<Summary>,
}

/// The viewer has gone, or what it was to see could not be drawn.
struct Gone;

impl Viewer {
    async fn watch(mut self) {
        let mut changes = self.lookout.board.changes();
        loop {
            let round = Instant::now();
            changes.mark_unchanged();
            if self.tell().await.is_err() {
                return;
            }
            let news = timeout_at(round + BEAT, changes.changed());
            tokio::select! {
                () = self.stream.closed() => return,
                news = news => match news {
                    Ok(_) => sleep_until(round + PACE).await,
                    Err(_) => if self.send(Event::new("").event("beat")).await.is_err() { return },
                },
            }
        }
    }

    /// Sends what the viewer has not seen, in the order in which it happened.
    async fn tell(&mut self) -> Result<(), Gone> {
        let news = self.lookout.news_since(self.seen).map_err(|error| {
            tracing::error!("a row cannot be drawn: {error:?}");
            Gone
        })?;
        for (version, event) in news {
            self.stream.send_encoded(event).await.map_err(|_| Gone)?;
            self.seen = version;
        }
        let summary = Summary::of(&self.lookout.board.entries());
        if self.summary.as_ref() != Some(&summary) {
            let event = Event::json(&summary).map_err(|_| Gone)?.event("summary");
            self.send(event).await.map_err(|_| Gone)?;
            self.summary = Some(summary);
        }
        Ok(())
    }

    async fn send(&self, event: Event) -> Result<(), SendError> {
        self.stream.send(event).await
    }
}

impl Lookout {
    /// The endpoints that changed after a version, in the order of their changes.
    ///
    /// All are drawn before the first is sent: an endpoint that changed again while a slow viewer
    /// took the others would come before them with an id that is newer than theirs, and a viewer
    /// who left then would come back with that id and never see them.
    fn news_since(&self, seen: u64) -> Result<Vec<(u64, EncodedEvent)>, Error> {
        let entries = self.board.entries();
        let mut newer: Vec<&Entry> = entries.iter().filter(|entry| entry.version > seen).collect();
        newer.sort_unstable_by_key(|entry| entry.version);
        newer.into_iter().map(|entry| Ok((entry.version, self.row_event(entry)?))).collect()
    }

    /// The event that shows an endpoint as it is now; drawn once for all viewers.
    fn row_event(&self, entry: &Entry) -> Result<EncodedEvent, Error> {
        #[derive(Serialize)]
        struct News<'a> {
            id: &'a str,
            html: String,
        }
        let id = entry.endpoint.id.as_str();
        let mut drawn = self.drawn.borrow_mut();
        if let Some((version, event)) = drawn.get(id)
            && *version == entry.version
        {
            return Ok(event.clone());
        }
        let html = self.render_row(&Row::of(entry))?;
        let event = Event::json(&News { id, html })?
            .event("row")
            .id(self.board.version_name(entry.version))
            .encode()?;
        drawn.insert(id.to_owned(), (entry.version, event.clone()));
        Ok(event)
    }
}
