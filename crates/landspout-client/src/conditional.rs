//! Requests that are answered only if something has changed (RFC 9110 §13).

use crate::{ClientResponse, RequestBuilder};
use http::StatusCode;
use http::header::{
    ETAG, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED,
};
use std::time::SystemTime;

impl RequestBuilder {
    /// Asks for the answer only if it has another `ETag` than this one, which is written as the server
    /// wrote it, with its quotes. If it has not, [`ClientResponse::is_not_modified`] holds.
    pub fn if_none_match(self, etag: &str) -> RequestBuilder {
        self.header(IF_NONE_MATCH, etag)
    }

    /// Asks for the answer only if it has changed after this time, which counts in whole seconds.
    pub fn if_modified_since(self, time: SystemTime) -> RequestBuilder {
        self.date(IF_MODIFIED_SINCE, time)
    }

    /// Asks the server to act only if what is there has this `ETag`; if not it answers 412.
    pub fn if_match(self, etag: &str) -> RequestBuilder {
        self.header(IF_MATCH, etag)
    }

    /// Asks the server to act only if what is there has not changed after this time; if it has, it
    /// answers 412.
    pub fn if_unmodified_since(self, time: SystemTime) -> RequestBuilder {
        self.date(IF_UNMODIFIED_SINCE, time)
    }

    /// HTTP's dates are from 1970 to 9999, and others are cut to these.
    fn date(self, name: HeaderName, time: SystemTime) -> RequestBuilder {
        /// The last second of the year 9999.
        const LAST: std::time::Duration = std::time::Duration::from_secs(253_402_300_799);
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
        self.header(name, httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since))
    }
}

impl ClientResponse {
    /// Whether what the caller has is still right: 304, in answer to
    /// [`if_none_match`](RequestBuilder::if_none_match) or
    /// [`if_modified_since`](RequestBuilder::if_modified_since).
    pub fn is_not_modified(&self) -> bool {
        self.status() == StatusCode::NOT_MODIFIED
    }

    /// The `ETag`, with its quotes.
    pub fn etag(&self) -> Option<&str> {
        self.header(ETAG)
    }

    /// When it was changed last, as far as the server says.
    pub fn last_modified(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.header(LAST_MODIFIED)?).ok()
    }
}
