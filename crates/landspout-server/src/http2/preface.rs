//! Whether a client begins with HTTP/2.

/// What a client of HTTP/2 sends first (RFC 9113 §3.4). No request of HTTP/1 begins like it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is known of how a connection in clear text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peek {
    /// Nothing has come yet, or only a beginning that both versions could have.
    Unknown,
    /// It is known, and what was read to know it is still to be handed on.
    Held,
    /// It is known, and nothing is held.
    Known,
}

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Http1,
    Http2,
    /// More bytes are needed to tell.
    Open,
}

/// Compares what has come with the preface.
pub(crate) fn look(bytes: &[u8]) -> First {
    if bytes.starts_with(PREFACE) {
        First::Http2
    } else if PREFACE.starts_with(bytes) {
        First::Open
    } else {
        First::Http1
    }
}

#[cfg(test)]
mod tests {
    use super::{First, PREFACE, look};

    #[test]
    fn a_beginning_is_http_2_when_it_cannot_be_anything_else() {
        for len in 0..PREFACE.len() {
            assert_eq!(look(&PREFACE[..len]), First::Open, "{len}");
        }
        assert_eq!(look(PREFACE), First::Http2);
        assert_eq!(look(&[PREFACE, &[0; 9][..]].concat()), First::Http2);
        for request in
            ["GET / HTTP/1.1\r\n", "PROPFIND / HTTP/1.1\r\n", "PRI * HTTP/1.1\r\n", "\r\n"]
        {
            assert_eq!(look(request.as_bytes()), First::Http1, "{request}");
        }
    }
}
