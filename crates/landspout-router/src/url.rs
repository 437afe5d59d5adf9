//! Paths made from patterns and values.

use crate::error::UrlError;
use crate::pattern::{Pattern, Piece};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Display;

/// What is encoded inside a segment: all but `pchar` (RFC 3986 §3.3), which is the
/// unreserved characters, the sub-delimiters, `:` and `@`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

/// What a path must not have in a header, or where a client could read it as
/// something else: browsers drop tabs and take `\` for `/`.
const INVISIBLE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'\\');

/// The path that `pattern` makes of `args`. `name` is the route's, for the errors.
pub(crate) fn path(
    name: &str,
    pattern: &Pattern,
    args: &[(&str, &dyn Display)],
) -> Result<String, UrlError> {
    for (place, (parameter, _)) in args.iter().enumerate() {
        let known = pattern.names.iter().any(|known| **known == **parameter);
        if !known || args[..place].iter().any(|(before, _)| before == parameter) {
            return Err(UrlError::Surplus {
                name: name.to_owned(),
                parameter: (*parameter).to_owned(),
            });
        }
    }
    let mut path = String::new();
    let mut names = pattern.names.iter();
    for piece in &pattern.pieces {
        let safe = match piece {
            Piece::Text(text) => {
                path.extend(utf8_percent_encode(text, SEGMENTS));
                continue;
            }
            Piece::Param => SEGMENT,
            Piece::CatchAll => SEGMENTS,
        };
        let parameter = names.next().expect("a pattern has a name for each parameter");
        let value = value(name, parameter, args)?;
        path.extend(utf8_percent_encode(&value, safe));
    }
    Ok(path)
}

fn value(name: &str, parameter: &str, args: &[(&str, &dyn Display)]) -> Result<String, UrlError> {
    let value = args.iter().find(|(known, _)| *known == parameter);
    let (name, parameter) = (name.to_owned(), parameter.to_owned());
    match value.map(|(_, value)| value.to_string()) {
        None => Err(UrlError::Missing { name, parameter }),
        Some(value) if value.is_empty() => Err(UrlError::Empty { name, parameter }),
        Some(value) => Ok(value),
    }
}

/// Whether clients make something else of the path: a host, when it begins with two
/// slashes (RFC 3986 §4.2), or a shorter path, when a segment is `.` or `..` (§5.2.4).
pub(crate) fn is_changed_by_clients(path: &str) -> bool {
    path.starts_with("//") || path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// The path with everything encoded that is not fit for a header.
pub(crate) fn visible_ascii(path: &str) -> String {
    utf8_percent_encode(path, INVISIBLE).to_string()
}
