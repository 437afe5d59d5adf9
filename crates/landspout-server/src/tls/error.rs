//! Why TLS cannot be had.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why the settings of TLS cannot be used: a file that cannot be read, holds something else, or
/// does not fit another. It names the file.
#[derive(Debug)]
pub struct TlsError {
    what: String,
    file: Option<PathBuf>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TlsError {
    pub(super) fn new(what: impl Into<String>) -> TlsError {
        TlsError { what: what.into(), file: None, source: None }
    }

    pub(super) fn of(what: impl Into<String>, file: &Path) -> TlsError {
        TlsError { file: Some(file.to_owned()), ..TlsError::new(what) }
    }

    pub(super) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> TlsError {
        self.source = Some(source.into());
        self
    }

    /// The file that is at fault, where one is.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.file {
            Some(file) => write!(f, ": {}", file.display()),
            None => Ok(()),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Keeps the cause in its words, because a program that prints an I/O error prints no more.
impl From<TlsError> for std::io::Error {
    fn from(error: TlsError) -> std::io::Error {
        let message = match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        std::io::Error::new(std::io::ErrorKind::InvalidInput, message)
    }
}
