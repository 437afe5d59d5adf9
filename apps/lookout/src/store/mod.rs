//! The history: checks and states in one `SQLite` file.
//!
//! One thread writes, in one transaction a second; any number of [`Reader`]s read beside it.
//! A check and the change of state that it brings are one [`Record`] and thus in one
//! transaction.
//!
//! **States are intervals**, and where there is none the state is unknown. An interval stays
//! open while lookout runs and says with [`Store::pulse`] that it does; what is still open at
//! the next start ends at the last pulse, whether lookout was stopped or killed, and the time in
//! between is unknown.

mod chart;
mod error;
mod history;
mod reader;
mod schema;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

pub use chart::Bucket;
pub(crate) use chart::percentile;
pub use error::{RecordError, StoreError};
pub use history::{Interval, Uptime, Window};
pub use reader::Reader;
pub use writer::WriterStats;

use crate::config::Keep;
use crate::decide::Flip;
use crate::outcome::Outcome;
use writer::{Message, Writer};

/// So many messages wait for the writer before records are refused: at 333 checks a second it
/// is 49 s of a disk that does not answer.
const QUEUE: usize = 16_384;

/// One check, and the change of state that it brought, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id of the endpoint.
    pub endpoint: Arc<str>,
    /// What the check found.
    pub outcome: Outcome,
    /// The change of state.
    pub flip: Option<Flip>,
}

/// The open history: writes in the background, and makes [`Reader`]s.
///
/// ```
/// use lookout::config::Config;
/// use lookout::outcome::Outcome;
/// use lookout::store::{Record, Store};
///
/// let folder = std::env::temp_dir().join(format!("lookout-doc-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let mut keep = Config::sample("127.0.0.1:8888".parse()?).keep;
/// keep.data = folder.join("lookout.db");
///
/// let store = Store::open(&keep)?;
/// let outcome = Outcome { at: 1_000, ..Outcome::default() };
/// store.record(Record { endpoint: "shop".into(), outcome, flip: None })?;
/// store.flush()?;
/// assert_eq!(store.reader()?.recent("shop", 60)?[0].at, 1_000);
/// # drop(store);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it writes what is left and waits for that; [`flush`](Store::flush) before tells
/// whether it went well.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    queue: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
    stats: Arc<Mutex<WriterStats>>,
    /// Keeps a second lookout away from the file; freed by the system when we end.
    _lock: File,
}

impl Store {
    /// Opens the history at `keep.data`, creates the file where there is none, brings an older
    /// one up to date, and ends the states that the last run left open.
    ///
    /// Blocks on the disk. Beside the file there will be `-wal` and `-shm`, which belong to it,
    /// and `-lock`, which does not.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, is no lookout database, was written by a newer lookout,
    /// or is in use by another one. The message is one sentence that names the file.
    pub fn open(keep: &Keep) -> Result<Store, StoreError> {
        let path = std::path::absolute(&keep.data)
            .map_err(|error| StoreError::file(&keep.data, &error))?;
        let lock = schema::lock(&path)?;
        let connection = schema::open(&path)?;
        let stats = Arc::new(Mutex::new(WriterStats::default()));
        let writer = Writer::new(connection, keep, Arc::clone(&stats))
            .map_err(|error| StoreError::sqlite(&path, error))?;
        let (queue, messages) = mpsc::sync_channel(QUEUE);
        let writer = thread::Builder::new()
            .name("lookout-store".to_owned())
            .spawn(move || writer.run(&messages))
            .map_err(|error| StoreError::file(&path, &error))?;
        Ok(Store { path, queue: Some(queue), writer: Some(writer), stats, _lock: lock })
    }

    /// Hands a record to the writer, which commits within a second. Never blocks.
    ///
    /// # Errors
    ///
    /// When the writer is so far behind that the queue is full, or has stopped. The record is
    /// lost; full queues are counted in [`WriterStats::dropped`].
    pub fn record(&self, record: Record) -> Result<(), RecordError> {
        let refused = self.queue().try_send(Message::Record(record));
        refused.map_err(|error| match error {
            TrySendError::Full(_) => {
                self.stats.lock().unwrap_or_else(PoisonError::into_inner).dropped += 1;
                RecordError::Full
            }
            TrySendError::Disconnected(_) => RecordError::Stopped,
        })
    }

    /// Says that lookout is alive and knows the states at the time `now` (wall clock,
    /// milliseconds). To be called every few seconds; never blocks.
    ///
    /// When more than a minute lies between two pulses, the machine was asleep or the clock was
    /// set: states end at the former and begin anew at the latter, with unknown time between.
    pub fn pulse(&self, now: i64) {
        // A pulse that finds no room is made up for by the next one.
        let _ = self.queue().try_send(Message::Pulse(now));
    }

    /// Waits until all that was recorded before is committed, or could not be.
    ///
    /// # Errors
    ///
    /// When the last commit failed; its records are kept and tried again.
    pub fn flush(&self) -> Result<(), StoreError> {
        let (done, wait) = mpsc::sync_channel(1);
        let sent = self.queue().send(Message::Flush(done)).is_ok() && wait.recv().is_ok();
        match self.stats().error {
            None if sent => Ok(()),
            None => Err(StoreError::new(&self.path, "its writer has stopped")),
            Some(error) => Err(StoreError::new(&self.path, &error)),
        }
    }

    /// A new connection for reading, usable on any thread. Blocks on the disk, as do all its
    /// methods: it belongs in a blocking pool and not on an event loop.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.path)
    }

    /// How the writer is doing.
    pub fn stats(&self) -> WriterStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The absolute path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn queue(&self) -> &SyncSender<Message> {
        self.queue.as_ref().expect("the queue is taken away only while dropping")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Without a sender the writer commits what it has and ends.
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so itself, and there is nobody left to tell.
            let _ = writer.join();
        }
    }
}
