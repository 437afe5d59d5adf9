//! The settings of a client, as they can be shown.

use super::ClientConfig;
use std::fmt;

/// Shows all but the values of headers, which may be keys.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("queue_timeout", &self.queue_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("tls_timeout", &self.tls_timeout)
            .field("first_byte_timeout", &self.first_byte_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("timeout", &self.timeout)
            .field("max_connections", &self.max_connections)
            .field("max_connections_per_host", &self.max_connections_per_host)
            .field("keep_alive", &self.keep_alive)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_body_size", &self.max_body_size)
            .field("max_header_size", &self.max_header_size)
            .field("max_redirects", &self.max_redirects)
            .field("allow_downgrade", &self.allow_downgrade)
            .field("retry", &self.retry)
            .field("retry_budget", &self.retry_budget)
            .field("expect_continue", &self.expect_continue)
            .field("headers", &self.headers.keys())
            .field("decompress", &self.decompress)
            .field("max_compression_ratio", &self.max_compression_ratio)
            .field("user_agent", &self.user_agent)
            .field("resolve", &self.resolve)
            .field("max_lookups", &self.max_lookups)
            .field("dns_ttl", &self.dns_ttl)
            .field("dns_negative_ttl", &self.dns_negative_ttl)
            .field("local_address", &self.local_address)
            .field("http_version", &self.http_version)
            .field("proxy", &self.proxy)
            .field("tcp", &self.tcp)
            .field("http2", &self.http2)
            .field("tls", &self.tls)
            .finish()
    }
}
