//! The header `Forwarded` of RFC 7239.

use super::node::Node;
use std::borrow::Cow;

/// What one proxy said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// Whom it got the request from; `None` if it did not say.
    pub(crate) node: Option<Node>,
    pub(crate) proto: Option<Cow<'a, str>>,
    pub(crate) host: Option<Cow<'a, str>>,
}

/// The elements of one header line as texts, the last one first.
///
/// They are looked for from the end, because the end is what the trusted proxy wrote: nothing that
/// its client put before it, an open quote for instance, changes how that is read.
pub(crate) fn from_last(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    let elements = std::iter::from_fn(move || {
        let text = rest?;
        let comma = last_comma(text);
        rest = comma.map(|at| &text[..at]);
        Some(text[comma.map_or(0, |at| at + 1)..].trim_matches([' ', '\t']))
    });
    // RFC 9110 §5.6.1: empty elements of a list are ignored.
    elements.filter(|element| !element.is_empty())
}

/// The last comma that is not in a quoted string.
fn last_comma(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate().rev() {
        match byte {
            b'"' => {
                let escapes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
                quoted ^= escapes % 2 == 0;
            }
            b',' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Reads `forwarded-element` of RFC 7239 §4; `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<Element<'_>> {
    let mut element = Element::default();
    let mut rest = text;
    loop {
        rest = trim(rest);
        if !rest.starts_with(';') && !rest.is_empty() {
            let (name, value) = rest.split_once('=')?;
            let (value, after) = parse_value(value)?;
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            // RFC 7239 §4: no parameter occurs twice.
            let is_wrong = if is("for") {
                element.node.replace(Node::parse(&value)?).is_some()
            } else if is("proto") {
                element.proto.replace(value).is_some()
            } else if is("host") {
                element.host.replace(value).is_some()
            } else {
                name.is_empty() || !name.bytes().all(is_token_byte)
            };
            if is_wrong {
                return None;
            }
            rest = trim(after);
        }
        if rest.is_empty() {
            return Some(element);
        }
        rest = rest.strip_prefix(';')?;
    }
}

/// `value` of RFC 7239 §4: a token or a quoted string, and what follows it.
fn parse_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        // Not only tokens: `for=192.0.2.1:80` and `host=a:80` are sent without their quotes.
        let end = rest.find([';', ' ', '\t', '"']).unwrap_or(rest.len());
        let is_loose =
            rest[..end].bytes().all(|byte| is_token_byte(byte) || b":[]".contains(&byte));
        let whole = &text[..value.len() + end];
        return (is_loose && !whole.is_empty()).then(|| (Cow::Borrowed(whole), &rest[end..]));
    };
    let end = quoted.find(['"', '\\'])?;
    if quoted.as_bytes()[end] == b'"' {
        return Some((Cow::Borrowed(&quoted[..end]), &quoted[end + 1..]));
    }
    // RFC 9110 §5.6.4: a backslash makes the next character itself.
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(value), &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
