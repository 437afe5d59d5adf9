//! What Tornado would be if it were born in Rust: event loop, server, client and web framework.
