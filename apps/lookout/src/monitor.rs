//! The monitor: starts each check when it is due, and passes on what it found.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use landspout::Client;
use landspout::event_loop::{Instant, spawn_named};
use landspout::handler::contain_panic;
use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::board::Board;
use crate::check;
use crate::clock::Clock;
use crate::decide::Flip;
use crate::schedule::Schedule;
use crate::state::State;
use crate::store::{Record, Store};

/// Checks the endpoints of a board for as long as its future runs.
#[derive(Clone)]
pub struct Monitor(Rc<Inner>);

struct Inner {
    board: Rc<Board>,
    store: Arc<Store>,
    client: Client,
    clock: Clock,
    schedule: RefCell<Schedule>,
    /// A check has ended: there is room for another, and its next one is planned.
    ended: Notify,
}

impl Monitor {
    /// A monitor that runs at most `limit` checks at once.
    pub fn new(board: Rc<Board>, store: Arc<Store>, limit: usize) -> Monitor {
        let clock = Clock::new();
        let entries = board.entries();
        let endpoints =
            entries.iter().map(|entry| (entry.endpoint.id.as_str(), entry.endpoint.every));
        let schedule = RefCell::new(Schedule::new(clock.now(), limit, endpoints));
        drop(entries);
        let client = check::client(limit);
        Monitor(Rc::new(Inner { board, store, client, clock, schedule, ended: Notify::new() }))
    }

    /// Checks, without end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future starts no more checks; those that run go on, and are recorded.
    pub async fn run(&self) {
        let inner = &self.0;
        loop {
            self.start_due();
            let due = inner.schedule.borrow().next_due();
            let ended = inner.ended.notified();
            match due {
                Some(due) => {
                    let at = Instant::from_std(inner.clock.instant(due));
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = ended => {}
                    }
                }
                // As many run as may.
                None => ended.await,
            }
        }
    }

    /// How many checks run.
    pub fn running(&self) -> usize {
        self.0.schedule.borrow().running()
    }

    fn start_due(&self) {
        let Inner { board, clock, schedule, .. } = &*self.0;
        let now = clock.now();
        while let Some(start) = schedule.borrow_mut().start(now) {
            board.note_start(now, start.late, start.skipped);
            let monitor = self.clone();
            drop(spawn_named("check", async move { monitor.check(start.endpoint).await }));
        }
    }

    async fn check(&self, place: usize) {
        let Inner { board, store, client, clock, schedule, ended } = &*self.0;
        let endpoint = Rc::clone(&board.entries()[place].endpoint);
        // An endpoint whose check panics is checked again, as any other.
        let checked = contain_panic(check::check(client, &endpoint)).await;
        let (outcome, findings) = checked.unwrap_or_else(|panic| {
            tracing::error!(endpoint = endpoint.id, "the check {panic}");
            (check::not_measured(panic), Vec::new())
        });
        let flip = board.take(place, outcome.clone(), findings);
        if let Some(flip) = &flip {
            log(&endpoint.id, flip);
        }
        let record = Record { endpoint: endpoint.id.as_str().into(), outcome, flip };
        if let Err(error) = store.record(record) {
            tracing::error!(endpoint = endpoint.id, "the check is not in the history: {error}");
        }
        let again = board.entries()[place].in_doubt().then_some(endpoint.retry);
        let skipped = schedule.borrow_mut().finish(place, clock.now(), again);
        board.note_start(clock.now(), 0, skipped);
        ended.notify_one();
    }
}

/// One line for each change of state: `shop is down, was up: status: wanted 2xx, got 503`
fn log(id: &str, flip: &Flip) {
    let Flip { from, to, cause, .. } = flip;
    let cause = cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
    match to {
        State::Down => tracing::warn!("{id} is {to}, was {from}{cause}"),
        _ => tracing::info!("{id} is {to}, was {from}{cause}"),
    }
}
