//! An async HTTP client: pool, redirects, timeouts, streaming.
