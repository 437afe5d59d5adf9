//! The tables, and how a file comes to have them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;

/// Marks the file as ours in its header: "look" in ASCII.
const APPLICATION: i32 = 0x6c6f_6f6b;

/// From 3.7.0 to 3.51.2 a write during a checkpoint from another connection could damage a file
/// in WAL mode: <https://sqlite.org/wal.html#walresetbug>.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a connection waits for another one's lock, which nobody holds for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each entry leads to the next schema; `PRAGMA user_version` counts how many were applied. An
/// entry is never changed once it was released.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE endpoint (
        key INTEGER PRIMARY KEY,
        id  TEXT NOT NULL UNIQUE
    ) STRICT;

    -- In the order of arrival, so that a commit appends to few pages and retention removes whole
    -- ones. Times in milliseconds since 1970, phases in microseconds; codes as in the program.
    CREATE TABLE checks (
        at         INTEGER NOT NULL,
        endpoint   INTEGER NOT NULL REFERENCES endpoint,
        verdict    INTEGER NOT NULL,
        status     INTEGER,
        dns        INTEGER,
        connect    INTEGER,
        tls        INTEGER,
        first_byte INTEGER,
        total      INTEGER,
        reason     TEXT,
        PRIMARY KEY (at, endpoint)
    ) STRICT, WITHOUT ROWID;

    -- Ends in the primary key, so it is (endpoint, at): one endpoint's checks in order.
    CREATE INDEX checks_by_endpoint ON checks (endpoint);
    -- Small, as failures are few: the last one is found without walking over the good ones.
    CREATE INDEX checks_failed ON checks (endpoint, at) WHERE verdict = 2;

    -- Intervals of one endpoint never overlap; at most one is open (until IS NULL), the last.
    CREATE TABLE states (
        endpoint INTEGER NOT NULL REFERENCES endpoint,
        since    INTEGER NOT NULL,
        until    INTEGER,
        state    INTEGER NOT NULL,
        cause    TEXT,
        PRIMARY KEY (endpoint, since)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX states_open ON states (endpoint) WHERE until IS NULL;
    CREATE INDEX states_by_end ON states (until);

    -- One row: the last moment at which lookout is known to have been alive.
    CREATE TABLE pulse (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        at  INTEGER NOT NULL
    ) STRICT;
"];

/// Takes the lock that keeps a second lookout from writing the same history.
///
/// A file of its own, because closing any handle of the database itself would make the system
/// drop `SQLite`'s own locks on it.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    if path.is_dir() {
        return Err(StoreError::new(path, "it is a folder, not a file"));
    }
    let beside = PathBuf::from(format!("{}-lock", path.display()));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside)
        .map_err(|error| StoreError::file(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::new(path, "another lookout is running on it"))
        }
        Err(TryLockError::Error(error)) => Err(StoreError::file(path, &error)),
    }
}

/// Opens the file for the writer and brings it to the newest schema.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let why = format!("SQLite {} may damage it; 3.51.3 is needed", rusqlite::version());
        return Err(StoreError::new(path, &why));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|mut connection| {
        connection.busy_timeout(PATIENCE)?;
        let schema = Schema::of(&connection)?;
        if schema.problem().is_none() {
            prepare(&mut connection, &schema)?;
        }
        Ok((connection, schema))
    });
    let (connection, schema) = opened.map_err(|error| StoreError::sqlite(path, error))?;
    match schema.problem() {
        None => Ok(connection),
        Some(why) => Err(StoreError::new(path, &why)),
    }
}

/// Opens the file for a reader.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// What a file says about itself before anything in it is touched.
struct Schema {
    application: i32,
    version: i64,
    tables: u32,
}

impl Schema {
    fn of(connection: &Connection) -> rusqlite::Result<Schema> {
        let count = "SELECT count(*) FROM sqlite_schema";
        Ok(Schema {
            tables: connection.query_row(count, [], |row| row.get(0))?,
            application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
            version: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        })
    }

    fn is_new(&self) -> bool {
        self.tables == 0 && self.application == 0 && self.version == 0
    }

    fn problem(&self) -> Option<String> {
        if !self.is_new() && self.application != APPLICATION {
            return Some("it is the database of another program".to_owned());
        }
        let (theirs, ours) = (self.version, MIGRATIONS.len() as i64);
        (theirs > ours).then(|| {
            format!(
                "a newer lookout wrote it (schema {theirs}, this one knows {ours}); update lookout"
            )
        })
    }
}

fn prepare(connection: &mut Connection, schema: &Schema) -> rusqlite::Result<()> {
    if schema.is_new() {
        // Only an empty file can still choose; it lets retention give pages back bit by bit.
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // With WAL a power cut may lose the last commits, which is a second each, but no consistency.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    for (version, migration) in (1_i64..).zip(MIGRATIONS) {
        if version <= schema.version {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
