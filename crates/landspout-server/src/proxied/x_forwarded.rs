//! The headers `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.

use http::{HeaderMap, HeaderName};

pub(crate) const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The entries of all lines of a header, the last one first. What is not text is an empty entry.
pub(crate) fn from_last<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(name).iter().rev().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.rsplit(',').map(str::trim))
}
