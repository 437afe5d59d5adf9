//! Which form of an error page a client wants.

use crate::PageFormat;

/// The forms that a page has. Where a client does not mind, the first one is taken: it reads well
/// in a terminal, and a browser does say that it minds.
const OFFERS: [(PageFormat, &str, &str); 3] = [
    (PageFormat::Text, "text", "plain"),
    (PageFormat::Html, "text", "html"),
    (PageFormat::Json, "application", "json"),
];

/// Reads an `Accept` field (RFC 9110 §12.5.1). Higher quality wins, then the media range that
/// names the type more closely, then the one that stands first: `application/json, text/plain,
/// */*`, which a well-known library sends with each request, is JSON.
///
/// A client that says nothing, or accepts none of the forms, gets text: §12.4.1 allows to send what
/// was not asked for rather than to say nothing.
pub(crate) fn page_format(accept: &str) -> PageFormat {
    let ranges: Vec<_> = accept.split(',').filter_map(Range::parse).collect();
    let rated = OFFERS.iter().filter_map(|&(format, kind, subtype)| {
        let closeness = |&(_, range): &(usize, &Range<'_>)| range.closeness(kind, subtype);
        let matching = ranges.iter().enumerate().filter(|entry| closeness(entry).is_some());
        // `min_by_key` keeps the first of equals, `max_by_key` would keep the last.
        let (at, range) = matching.min_by_key(|entry| std::cmp::Reverse(closeness(entry)))?;
        let rating = (range.quality, range.closeness(kind, subtype), std::cmp::Reverse(at));
        (range.quality > 0).then_some((format, rating))
    });
    let best = rated.min_by_key(|(_, rating)| std::cmp::Reverse(*rating));
    best.map_or(PageFormat::Text, |(format, _)| format)
}

/// A media range, such as `text/*;q=0.5`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Range<'a>> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let quality = match weight {
            Some(weight) => thousandths(weight)?,
            None => 1000,
        };
        Some(Range { kind, subtype, quality })
    }

    /// 0 for `*/*`, 1 for `text/*`, 2 for `text/html`.
    fn closeness(&self, kind: &str, subtype: &str) -> Option<u8> {
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (own, "*") if own.eq_ignore_ascii_case(kind) => Some(1),
            (own, named) if own.eq_ignore_ascii_case(kind) => {
                named.eq_ignore_ascii_case(subtype).then_some(2)
            }
            _ => None,
        }
    }
}

/// RFC 9110 §12.4.2: a weight is 0 to 1 with up to three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}
