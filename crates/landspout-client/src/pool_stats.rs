//! What a pool holds.

/// What a client's pool holds at one moment; given by [`Client::pool_stats`](crate::Client::pool_stats).
///
/// ```
/// let client = landspout_client::Client::new();
/// let stats = client.pool_stats();
/// assert_eq!(stats.in_use + stats.idle + stats.waiting, 0);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections that serve a request, or are being made for one.
    pub in_use: usize,
    /// Connections that wait for their next request.
    pub idle: usize,
    /// Requests under way on connections that several requests share, as with HTTP/2.
    pub streams: usize,
    /// Requests that wait for a place.
    pub waiting: usize,
}
