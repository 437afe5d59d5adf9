//! The one thread that writes.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Record;
use super::error::explain;
use crate::clock::millis;
use crate::config::Keep;
use crate::decide::Flip;

/// One commit a second costs next to nothing at any rate of checks, and a killed lookout loses
/// a second of them at most.
const COMMIT_EVERY: Duration = Duration::from_secs(1);

/// A full batch is committed at once; it bounds how long a reader's snapshot may be behind.
const BATCH: usize = 8_192;

/// While commits fail, so many messages are kept for another try (about 20 MB at most).
const KEPT: usize = 65_536;

/// Longer than this between two pulses, and we were not there.
const GAP: i64 = 60_000;

/// So many expired rows go with each commit. It is more than ever come in a second, and takes a
/// few milliseconds.
const REMOVED: u32 = 4_096;

/// So many pages are given back to the file system with each commit: 1 MiB.
const PAGES: u32 = 256;

/// What the writer is asked to do.
pub(super) enum Message {
    Record(Record),
    Pulse(i64),
    Flush(SyncSender<()>),
}

/// How the writer is doing, since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterStats {
    /// Checks committed.
    pub written: u64,
    /// Checks lost because the disk did not keep up.
    pub dropped: u64,
    /// Transactions committed.
    pub commits: u64,
    /// How long the last commit took.
    pub last_commit: Duration,
    /// Why the last commit failed; `None` when it did not. Its records are tried again.
    pub error: Option<String>,
}

pub(super) struct Writer {
    connection: Connection,
    keep_checks: i64,
    keep_states: Option<i64>,
    /// The keys of the endpoints in the database, by id.
    keys: HashMap<Arc<str>, i64>,
    pulse: Option<i64>,
    batch: Vec<Message>,
    stats: Arc<Mutex<WriterStats>>,
}

impl Writer {
    /// Takes over the history and ends what the last run left open.
    pub(super) fn new(
        mut connection: Connection,
        keep: &Keep,
        stats: Arc<Mutex<WriterStats>>,
    ) -> rusqlite::Result<Writer> {
        let transaction = connection.transaction()?;
        transaction.execute(
            "UPDATE states SET until = max(since, ifnull((SELECT at FROM pulse), since))
             WHERE until IS NULL",
            [],
        )?;
        // The time since then is unknown. The first pulse of this run begins after it.
        transaction.execute("DELETE FROM pulse", [])?;
        transaction.commit()?;
        let mut writer = Writer {
            connection,
            keep_checks: millis(keep.checks),
            keep_states: keep.states.map(millis),
            keys: HashMap::new(),
            pulse: None,
            batch: Vec::new(),
            stats,
        };
        writer.reload()?;
        Ok(writer)
    }

    /// Writes until all senders are gone.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        let mut deadline: Option<Instant> = None;
        loop {
            let next = match deadline {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            let mut waiting = None;
            match next {
                Ok(Message::Flush(done)) => waiting = Some(done),
                Ok(message) => self.keep(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let at = *deadline.get_or_insert_with(|| Instant::now() + COMMIT_EVERY);
            let full = self.batch.len() >= BATCH && self.healthy();
            if full || waiting.is_some() || Instant::now() >= at {
                self.commit();
                deadline = (!self.batch.is_empty()).then(|| Instant::now() + COMMIT_EVERY);
            }
            if let Some(done) = waiting {
                // Whoever asked may have given up waiting.
                let _ = done.send(());
            }
        }
        self.commit();
    }

    fn keep(&mut self, message: Message) {
        if self.batch.len() < KEPT {
            self.batch.push(message);
        } else {
            self.stats().dropped += 1;
        }
    }

    fn healthy(&self) -> bool {
        self.stats().error.is_none()
    }

    fn stats(&self) -> std::sync::MutexGuard<'_, WriterStats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the batch in one transaction. When that fails the batch stays for the next time.
    fn commit(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let begun = Instant::now();
        let batch = std::mem::take(&mut self.batch);
        let written = self.transact(&batch);
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        match written {
            Ok(checks) => {
                stats.written += checks;
                stats.commits += 1;
                stats.last_commit = begun.elapsed();
                stats.error = None;
            }
            Err(error) => {
                stats.error = Some(explain(&error));
                drop(stats);
                self.batch = batch;
                // What was learnt during the failed transaction is not in the database.
                let _ = self.reload();
            }
        }
    }

    fn transact(&mut self, batch: &[Message]) -> rusqlite::Result<u64> {
        let transaction = self.connection.transaction()?;
        let mut checks = 0;
        for message in batch {
            match message {
                Message::Record(record) => {
                    let key = endpoint_key(&transaction, &mut self.keys, &record.endpoint)?;
                    insert_check(&transaction, key, record)?;
                    if let Some(flip) = &record.flip {
                        insert_flip(&transaction, key, flip)?;
                    }
                    checks += 1;
                }
                Message::Pulse(now) => {
                    let gap = self.pulse.filter(|pulse| now - pulse > GAP);
                    if let Some(pulse) = gap {
                        split_states(&transaction, pulse, *now)?;
                    }
                    self.pulse = Some(*now);
                }
                Message::Flush(_) => {}
            }
        }
        if let Some(now) = self.pulse {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO pulse VALUES (1, ?1)")?
                .execute([now])?;
            remove_expired(
                &transaction,
                now - self.keep_checks,
                self.keep_states.map(|keep| now - keep),
            )?;
        }
        transaction.commit()?;
        Ok(checks)
    }

    /// Reads what is kept in memory anew from the database.
    fn reload(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached("SELECT id, key FROM endpoint")?;
        let keys =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?.into(), row.get(1)?)))?;
        self.keys = keys.collect::<rusqlite::Result<_>>()?;
        self.pulse =
            self.connection.query_row("SELECT at FROM pulse", [], |row| row.get(0)).optional()?;
        Ok(())
    }
}

fn endpoint_key(
    transaction: &Transaction<'_>,
    keys: &mut HashMap<Arc<str>, i64>,
    id: &Arc<str>,
) -> rusqlite::Result<i64> {
    if let Some(key) = keys.get(id) {
        return Ok(*key);
    }
    transaction.execute("INSERT INTO endpoint (id) VALUES (?1)", [id])?;
    let key = transaction.last_insert_rowid();
    keys.insert(Arc::clone(id), key);
    Ok(key)
}

fn insert_check(transaction: &Transaction<'_>, key: i64, record: &Record) -> rusqlite::Result<()> {
    let outcome = &record.outcome;
    let phases = outcome.phases;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO checks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            outcome.at,
            key,
            outcome.verdict.code(),
            outcome.status,
            phases.dns,
            phases.connect,
            phases.tls,
            phases.first_byte,
            phases.total,
            outcome.reason,
        ])?;
    Ok(())
}

/// Ends the open state and begins the next. When the clock was set back, not before the latest
/// moment that is in the history already: intervals of one endpoint never overlap.
fn insert_flip(transaction: &Transaction<'_>, key: i64, flip: &Flip) -> rusqlite::Result<()> {
    let latest: Option<i64> = transaction
        .prepare_cached(
            "SELECT ifnull(until, since) FROM states WHERE endpoint = ?1 ORDER BY since DESC LIMIT 1",
        )?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let at = latest.map_or(flip.at, |latest| latest.max(flip.at));
    transaction
        .prepare_cached("UPDATE states SET until = ?2 WHERE endpoint = ?1 AND until IS NULL")?
        .execute([key, at])?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO states VALUES (?1, ?2, NULL, ?3, ?4)")?
        .execute(params![key, at, flip.to.code(), flip.cause])?;
    Ok(())
}

/// We were not there from `pulse` to `now`: open states end at the former and begin anew at the
/// latter.
fn split_states(transaction: &Transaction<'_>, pulse: i64, now: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR IGNORE INTO states
         SELECT endpoint, ?1, NULL, state, cause FROM states WHERE until IS NULL AND since < ?1",
        [now],
    )?;
    transaction.execute(
        "UPDATE states SET until = max(since, ?1) WHERE until IS NULL AND since < ?2",
        [pulse, now],
    )?;
    Ok(())
}

fn remove_expired(
    transaction: &Transaction<'_>,
    checks: i64,
    states: Option<i64>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "DELETE FROM checks WHERE (at, endpoint) IN
             (SELECT at, endpoint FROM checks WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![checks, REMOVED])?;
    if let Some(states) = states {
        transaction
            .prepare_cached(
                "DELETE FROM states WHERE (endpoint, since) IN
                 (SELECT endpoint, since FROM states WHERE until < ?1 LIMIT ?2)",
            )?
            .execute(params![states, REMOVED])?;
    }
    // The pragma gives back one page a row, so all its rows have to be asked for.
    let mut vacuum = transaction.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}
