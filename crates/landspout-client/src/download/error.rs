//! Why a download failed.

use crate::FetchError;
use http::StatusCode;
use std::fmt;

/// Why a download failed, after all its attempts.
pub struct DownloadError {
    pub(super) kind: Kind,
    pub(super) written: u64,
    pub(super) validator: Option<String>,
}

pub(super) enum Kind {
    Fetch(FetchError),
    Status(StatusCode),
    /// What the server sent does not fit.
    Part(&'static str),
    /// It could not be written.
    Write(std::io::Error),
    /// What was written cannot be taken back.
    Changed,
    /// The request has a body that cannot be sent again.
    Request,
}

impl DownloadError {
    /// The status of the answer, if it was none that can be saved.
    pub fn status(&self) -> Option<StatusCode> {
        match self.kind {
            Kind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// The last error of the network, if it was one.
    pub fn fetch_error(&self) -> Option<&FetchError> {
        match &self.kind {
            Kind::Fetch(error) => Some(error),
            _ => None,
        }
    }

    /// Bytes that were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What the thing is known by, to go on later: see
    /// [`Download::resume_from`](crate::Download::resume_from).
    pub fn validator(&self) -> Option<&str> {
        self.validator.as_deref()
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Fetch(_) => write!(f, "the download broke off after {} bytes", self.written),
            Kind::Status(status) => write!(f, "the server answered {status}"),
            Kind::Part(what) => f.write_str(what),
            Kind::Write(_) => f.write_str("the download could not be written"),
            Kind::Changed => f.write_str("it changed, and what was written cannot be taken back"),
            Kind::Request => f.write_str("the request has a body that cannot be sent again"),
        }
    }
}

/// The message and the whole chain of causes: one line for a log.
impl fmt::Debug for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Fetch(error) => write!(f, "{self}: {error:?}"),
            Kind::Write(error) => write!(f, "{self}: {error}"),
            _ => write!(f, "{self}"),
        }
    }
}

impl std::error::Error for DownloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Fetch(error) => Some(error),
            Kind::Write(error) => Some(error),
            _ => None,
        }
    }
}
