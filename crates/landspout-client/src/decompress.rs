//! What takes the place of decompression where the feature `gzip` is off: nothing.

use http::HeaderMap;
use landspout_handler::Body;

/// The value of `Accept-Encoding`.
pub(crate) const ACCEPTED: Option<&str> = None;

/// Leaves the body as it is.
pub(crate) fn decompress(_: &mut HeaderMap, body: Body, _: u64) -> Body {
    body
}
