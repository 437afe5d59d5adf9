//! What one request sets for itself.

use crate::ClientConfig;
use std::time::Duration;

/// What one request sets for itself, in place of the client's [`ClientConfig`]. `None` leaves the
/// client's.
///
/// [`RequestBuilder`](crate::RequestBuilder) has a method for each; in a
/// [`Request`](crate::Request) they travel in its extensions:
///
/// ```
/// use landspout_client::{Request, RequestOptions};
/// use std::time::Duration;
///
/// let mut request = Request::get("http://127.0.0.1/");
/// request.extensions_mut().insert(RequestOptions::default().timeout(Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestOptions {
    /// See [`ClientConfig::queue_timeout`](ClientConfig#structfield.queue_timeout).
    pub queue_timeout: Option<Duration>,
    /// See [`ClientConfig::connect_timeout`](ClientConfig#structfield.connect_timeout).
    pub connect_timeout: Option<Duration>,
    /// See [`ClientConfig::timeout`](ClientConfig#structfield.timeout).
    pub timeout: Option<Duration>,
    /// See [`ClientConfig::max_redirects`](ClientConfig#structfield.max_redirects).
    pub max_redirects: Option<usize>,
    /// See [`ClientConfig::max_body_size`](ClientConfig#structfield.max_body_size).
    pub max_body_size: Option<u64>,
    /// See [`ClientConfig::decompress`](ClientConfig#structfield.decompress).
    pub decompress: Option<bool>,
    /// See [`ClientConfig::max_compression_ratio`](ClientConfig#structfield.max_compression_ratio).
    pub max_compression_ratio: Option<u32>,
}

/// The options of a request and the settings of the client, put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) queue_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_redirects: usize,
    pub(crate) max_body_size: u64,
    pub(crate) decompress: bool,
    pub(crate) max_compression_ratio: u32,
}

impl RequestOptions {
    /// Sets [`queue_timeout`](Self#structfield.queue_timeout).
    #[must_use]
    pub fn queue_timeout(mut self, limit: Duration) -> RequestOptions {
        self.queue_timeout = Some(limit);
        self
    }

    /// Sets [`connect_timeout`](Self#structfield.connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> RequestOptions {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets [`timeout`](Self#structfield.timeout).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> RequestOptions {
        self.timeout = Some(limit);
        self
    }

    /// Sets [`max_redirects`](Self#structfield.max_redirects).
    #[must_use]
    pub fn max_redirects(mut self, limit: usize) -> RequestOptions {
        self.max_redirects = Some(limit);
        self
    }

    /// Sets [`max_body_size`](Self#structfield.max_body_size).
    #[must_use]
    pub fn max_body_size(mut self, bytes: u64) -> RequestOptions {
        self.max_body_size = Some(bytes);
        self
    }

    /// Sets [`decompress`](Self#structfield.decompress).
    #[must_use]
    pub fn decompress(mut self, decompress: bool) -> RequestOptions {
        self.decompress = Some(decompress);
        self
    }

    /// Sets [`max_compression_ratio`](Self#structfield.max_compression_ratio).
    #[must_use]
    pub fn max_compression_ratio(mut self, times: u32) -> RequestOptions {
        self.max_compression_ratio = Some(times);
        self
    }

    /// These, and where they say nothing the others.
    pub(crate) fn or(self, other: RequestOptions) -> RequestOptions {
        RequestOptions {
            queue_timeout: self.queue_timeout.or(other.queue_timeout),
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            timeout: self.timeout.or(other.timeout),
            max_redirects: self.max_redirects.or(other.max_redirects),
            max_body_size: self.max_body_size.or(other.max_body_size),
            decompress: self.decompress.or(other.decompress),
            max_compression_ratio: self.max_compression_ratio.or(other.max_compression_ratio),
        }
    }

    pub(crate) fn over(&self, config: &ClientConfig) -> Rules {
        Rules {
            queue_timeout: self.queue_timeout.unwrap_or(config.queue_timeout),
            connect_timeout: self.connect_timeout.unwrap_or(config.connect_timeout),
            timeout: self.timeout.unwrap_or(config.timeout),
            max_redirects: self.max_redirects.unwrap_or(config.max_redirects),
            max_body_size: self.max_body_size.unwrap_or(config.max_body_size),
            decompress: self.decompress.unwrap_or(config.decompress),
            max_compression_ratio: self
                .max_compression_ratio
                .unwrap_or(config.max_compression_ratio),
        }
    }
}
