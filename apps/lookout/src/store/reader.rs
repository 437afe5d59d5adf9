//! Reading the history.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};

use super::chart::{Bucket, Buckets};
use super::error::StoreError;
use super::history::{Interval, Uptime, Window, fill};
use super::schema;
use crate::outcome::{Outcome, Phases, Verdict};
use crate::state::State;

/// The columns of a check, in the order in which [`outcome`] reads them.
const OUTCOME: &str =
    "c.at, c.verdict, c.status, c.dns, c.connect, c.tls, c.first_byte, c.total, c.reason";

/// A connection that reads the history beside the writer, as of the last commit.
///
/// All methods block on the disk. None needs more than one statement, however many endpoints
/// there are. An id that the history does not know has no checks and is unknown all the time.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Reader, StoreError> {
        let connection =
            schema::open_to_read(path).map_err(|error| StoreError::sqlite(path, error))?;
        Ok(Reader { connection, path: path.to_owned() })
    }

    /// The last `count` checks of an endpoint, oldest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read; the same is true of all methods here.
    pub fn recent(&self, id: &str, count: u32) -> Result<Vec<Outcome>, StoreError> {
        let sql = format!(
            "SELECT {OUTCOME} FROM checks c WHERE c.endpoint = (SELECT key FROM endpoint WHERE id = ?1)
             ORDER BY c.at DESC LIMIT ?2"
        );
        let mut outcomes = self.rows(&sql, (id, count), outcome)?;
        outcomes.reverse();
        Ok(outcomes)
    }

    /// The last `count` (at least 1) checks of every endpoint by id, oldest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn recent_of_all(&self, count: u32) -> Result<HashMap<String, Vec<Outcome>>, StoreError> {
        // For each endpoint one step down the index to the time of its count-last check.
        let sql = format!(
            "SELECT {OUTCOME}, e.id FROM endpoint e CROSS JOIN checks c ON c.endpoint = e.key
             WHERE c.at >= ifnull((SELECT at FROM checks WHERE endpoint = e.key
                                   ORDER BY at DESC LIMIT 1 OFFSET ?1), -9e18)
             ORDER BY e.key, c.at"
        );
        let rows = self.rows(&sql, [count.saturating_sub(1)], |row| {
            Ok((row.get::<_, String>(9)?, outcome(row)?))
        })?;
        let mut recent: HashMap<String, Vec<Outcome>> = HashMap::new();
        for (id, outcome) in rows {
            recent.entry(id).or_default().push(outcome);
        }
        Ok(recent)
    }

    /// The last failed check of every endpoint that has one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn last_failures(&self) -> Result<HashMap<String, Outcome>, StoreError> {
        let sql = format!(
            "SELECT {OUTCOME}, e.id FROM endpoint e CROSS JOIN checks c ON c.endpoint = e.key
             AND c.at = (SELECT max(at) FROM checks WHERE endpoint = e.key AND verdict = 2)"
        );
        let rows = self.rows(&sql, [], |row| Ok((row.get(9)?, outcome(row)?)))?;
        Ok(rows.into_iter().collect())
    }

    /// The states of an endpoint that touch a window, in order. They follow each other without
    /// gaps: what was not recorded is there as unknown. The first may begin before the window
    /// and the last may end after it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn states(&self, id: &str, window: Window) -> Result<Vec<Interval>, StoreError> {
        let sql = "SELECT since, until, state, cause FROM states
             WHERE endpoint = (SELECT key FROM endpoint WHERE id = ?1)
             AND since < ?3 AND (until > max(?2, since) OR until IS NULL) ORDER BY since";
        let known = self.rows(sql, (id, window.from, window.to), |row| {
            Ok(Interval {
                since: row.get(0)?,
                until: row.get(1)?,
                state: state(row, 2)?,
                cause: row.get(3)?,
            })
        })?;
        Ok(fill(known, window))
    }

    /// The time that every endpoint spent in each state during a window. Endpoints of which
    /// nothing is known in that time are left out.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn uptimes(&self, window: Window) -> Result<HashMap<String, Uptime>, StoreError> {
        let sql = "SELECT e.id, s.state, sum(min(ifnull(s.until, ?2), ?2) - max(s.since, ?1))
             FROM states s JOIN endpoint e ON e.key = s.endpoint
             WHERE s.since < ?2 AND (s.until > ?1 OR s.until IS NULL)
             GROUP BY s.endpoint, s.state";
        let rows = self.rows(sql, (window.from, window.to), |row| {
            Ok((row.get::<_, String>(0)?, state(row, 1)?, row.get(2)?))
        })?;
        let empty = Uptime { window: window.length(), ..Uptime::default() };
        let mut uptimes = HashMap::new();
        for (id, state, time) in rows {
            uptimes.entry(id).or_insert(empty).add(state, time);
        }
        Ok(uptimes)
    }

    /// The checks of an endpoint in a window, gathered into buckets of `width` milliseconds (at
    /// least 1), in order. Times without a check have no bucket.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn buckets(&self, id: &str, window: Window, width: i64) -> Result<Vec<Bucket>, StoreError> {
        let sql = "SELECT at, verdict, total FROM checks
             WHERE endpoint = (SELECT key FROM endpoint WHERE id = ?1) AND at >= ?2 AND at < ?3
             ORDER BY at";
        let mut buckets = Buckets::new(width);
        self.rows(sql, (id, window.from, window.to), |row| {
            buckets.add(row.get(0)?, verdict(row, 1)?, row.get(2)?);
            Ok(())
        })?;
        Ok(buckets.finish())
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|error| StoreError::sqlite(&self.path, error))
    }
}

fn outcome(row: &Row<'_>) -> rusqlite::Result<Outcome> {
    Ok(Outcome {
        at: row.get(0)?,
        verdict: verdict(row, 1)?,
        status: row.get(2)?,
        phases: Phases {
            dns: row.get(3)?,
            connect: row.get(4)?,
            tls: row.get(5)?,
            first_byte: row.get(6)?,
            total: row.get(7)?,
        },
        reason: row.get(8)?,
    })
}

fn verdict(row: &Row<'_>, column: usize) -> rusqlite::Result<Verdict> {
    coded(row, column, Verdict::from_code)
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    coded(row, column, State::from_code)
}

fn coded<T>(row: &Row<'_>, column: usize, read: impl Fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    let code: u8 = row.get(column)?;
    read(code).ok_or_else(|| {
        let why = format!("code {code} is of a later version");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, why.into())
    })
}
