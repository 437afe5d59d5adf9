//! Letting go of the memory that a request shares with its connection.

use crate::Request;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Uri};

impl Request {
    /// Copies what it shares with the buffer that it was read into, so that the buffer can be freed.
    ///
    /// The values of headers and the URI are slices of that buffer, which is 8 KiB and more. For a
    /// handler that keeps a request for long, as that of a WebSocket does.
    ///
    /// ```
    /// use landspout_handler::Request;
    ///
    /// let mut request = Request::get("/room?name=den").with_header(
    ///     http::header::ORIGIN,
    ///     http::HeaderValue::from_static("https://example.com"),
    /// );
    /// request.shrink_to_fit();
    /// assert_eq!(request.uri(), "/room?name=den");
    /// assert_eq!(request.header("origin"), Some("https://example.com"));
    /// ```
    pub fn shrink_to_fit(&mut self) {
        let headers = compact(self.headers());
        *self.headers_mut() = headers;
        if let Ok(uri) = Uri::from_maybe_shared(Bytes::from(self.uri().to_string())) {
            self.replace_uri(uri);
        }
    }
}

/// The same headers, with their values in one piece of memory.
fn compact(headers: &HeaderMap) -> HeaderMap {
    let mut bytes = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    headers.values().for_each(|value| bytes.extend_from_slice(value.as_bytes()));
    let mut bytes = bytes.freeze();
    let mut compacted = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let copy = HeaderValue::from_maybe_shared(bytes.split_to(value.len()));
        let mut copy = copy.expect("these bytes were a value before");
        copy.set_sensitive(value.is_sensitive());
        compacted.append(name.clone(), copy);
    }
    compacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_buffer_is_kept_and_nothing_is_lost() {
        let buffer = Bytes::from(b"/room?name=den one two secret".to_vec());
        let value =
            |at: std::ops::Range<usize>| HeaderValue::from_maybe_shared(buffer.slice(at)).unwrap();
        let mut request = Request::default();
        request.set_uri(Uri::from_maybe_shared(buffer.slice(..14)).unwrap());
        request.headers_mut().append("x-many", value(15..18));
        request.headers_mut().append("x-many", value(19..22));
        let mut secret = value(23..29);
        secret.set_sensitive(true);
        request.headers_mut().append("cookie", secret);
        assert!(!buffer.is_unique());

        request.shrink_to_fit();
        assert!(buffer.is_unique());
        assert_eq!(request.uri(), "/room?name=den");
        let many: Vec<_> = request.headers().get_all("x-many").iter().collect();
        assert_eq!(many, ["one", "two"]);
        assert_eq!(request.header("cookie"), Some("secret"));
        assert!(request.headers()["cookie"].is_sensitive());
    }
}
