//! What can go wrong with the history.

use std::fmt;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

/// The history cannot be opened, read or written. Displayed as one sentence with the file's
/// name in it, fit to be shown to whoever started lookout.
#[derive(Debug)]
pub struct StoreError {
    sentence: String,
    source: Option<rusqlite::Error>,
}

impl StoreError {
    pub(super) fn new(path: &Path, why: &str) -> Self {
        let sentence = format!("cannot use the history in {}: {why}", path.display());
        StoreError { sentence, source: None }
    }

    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
            io::ErrorKind::PermissionDenied => "there is no permission to write it".to_owned(),
            io::ErrorKind::NotADirectory => "its folder is not a folder".to_owned(),
            _ => error.to_string(),
        };
        StoreError::new(path, &why)
    }

    pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let sentence = StoreError::new(path, &explain(&error)).sentence;
        StoreError { sentence, source: Some(error) }
    }
}

/// What `SQLite`'s error means to somebody who does not know `SQLite`.
pub(super) fn explain(error: &rusqlite::Error) -> String {
    let known = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not a lookout database",
        Some(ErrorCode::CannotOpen) => "it cannot be opened for writing",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "there is no permission to write it"
        }
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has it locked"
        }
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged; restore a backup or move it away",
        _ => return error.to_string(),
    };
    known.to_owned()
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

/// Why a record was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The writer is too far behind.
    Full,
    /// The writer has stopped.
    Stopped,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecordError::Full => "the history is too far behind to take more",
            RecordError::Stopped => "the history is no longer written",
        })
    }
}

impl std::error::Error for RecordError {}
