//! The pattern of a route, taken apart.

use crate::error::InsertError;
use crate::spelling::{OPAQUE, is_escape};
use std::ops::Range;

/// A pattern that was found to be well formed.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) text: Box<str>,
    /// In the order of the pattern.
    pub(crate) names: Box<[Box<str>]>,
    /// The pattern as a list; the parameters are those of `names`, in order.
    pub(crate) pieces: Vec<Piece>,
    /// As many as there are names.
    gaps: Box<[Gap]>,
}

/// Where a parameter is, in bytes.
#[derive(Clone, Debug)]
struct Gap {
    /// Text between the parameter before it, or the beginning, and this one.
    before: usize,
    /// Text between it and the end of its segment; a catch-all is never at the end of a segment.
    after: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text with its doubled braces made single.
    Text(String),
    /// `{name}`
    Param,
    /// `{*name}`
    CatchAll,
}

/// matchit calls its parameters by the letters `a` to `y` and panics after them.
const MAX_PARAMETERS: usize = 25;

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, InsertError> {
        let malformed = |reason| InsertError::Malformed { pattern: text.to_owned(), reason };
        if !text.starts_with('/') {
            return Err(malformed("it does not begin with a slash"));
        }
        let (pieces, names) = pieces(text).map_err(malformed)?;
        check_text(&pieces).map_err(malformed)?;
        check_segments(&shape(&pieces)).map_err(malformed)?;
        if names.len() > MAX_PARAMETERS {
            return Err(malformed("it has more than 25 parameters"));
        }
        let twice = |at: &usize| names[..*at].contains(&names[*at]);
        if let Some(at) = (0..names.len()).find(twice) {
            return Err(InsertError::DuplicateParameter {
                pattern: text.to_owned(),
                parameter: names[at].to_string(),
            });
        }
        let gaps = gaps(&pieces);
        Ok(Self { text: text.into(), names: names.into(), pieces, gaps })
    }

    /// Where the values of the parameters are in a path that fits: the text of the pattern tells.
    #[inline]
    pub(crate) fn ranges_in(&self, path: &str) -> impl ExactSizeIterator<Item = Range<usize>> {
        let mut done = 0;
        self.gaps.iter().map(move |gap| {
            let start = done + gap.before;
            done = match gap.after {
                Some(after) => end_of_segment(path, start) - after,
                None => path.len(),
            };
            start..done
        })
    }
}

/// Values are short: a search that is made for long texts takes longer to begin.
#[inline]
fn end_of_segment(path: &str, from: usize) -> usize {
    let rest = &path.as_bytes()[from..];
    from + rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len())
}

fn gaps(pieces: &[Piece]) -> Box<[Gap]> {
    let text = |at: Option<usize>| match at.and_then(|at| pieces.get(at)) {
        Some(Piece::Text(text)) => &**text,
        _ => "",
    };
    let gap = |(at, piece): (usize, &Piece)| {
        let before = text(at.checked_sub(1)).len();
        let behind = text(Some(at + 1));
        let after = Some(behind.find('/').unwrap_or(behind.len()));
        match piece {
            Piece::Text(_) => None,
            Piece::Param => Some(Gap { before, after }),
            Piece::CatchAll => Some(Gap { before, after: None }),
        }
    };
    pieces.iter().enumerate().filter_map(gap).collect()
}

/// `prefix` in front of `pattern`, with one slash between them. The pattern `/` is
/// the prefix as it is written.
pub(crate) fn join(prefix: &str, pattern: &str) -> String {
    match pattern {
        "/" if !prefix.is_empty() => prefix.to_owned(),
        _ => format!("{}{pattern}", prefix.strip_suffix('/').unwrap_or(prefix)),
    }
}

/// Reads the braces.
fn pieces(text: &str) -> Result<(Vec<Piece>, Vec<Box<str>>), &'static str> {
    let mut pieces = Vec::new();
    let mut names = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        plain.push_str(&rest[..brace]);
        rest = &rest[brace..];
        if let Some(behind) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            plain.push_str(&rest[..1]);
            rest = behind;
            continue;
        }
        let inside = rest.strip_prefix('{').ok_or("a closing brace is alone")?;
        let (name, behind) = inside.split_once('}').ok_or("a brace is left open")?;
        if behind.starts_with('}') {
            return Err("a closing brace follows a parameter");
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        let (piece, name) = match name.strip_prefix('*') {
            Some(name) => (Piece::CatchAll, name),
            None => (Piece::Param, name),
        };
        check_name(name)?;
        pieces.push(piece);
        names.push(name.into());
        rest = behind;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok((pieces, names))
}

/// Also the rule for the parameters of hosts.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() {
        return Err("a parameter has no name");
    }
    if !name.chars().all(fits) {
        return Err("a parameter's name may have only letters, digits, `_` and `-`");
    }
    Ok(())
}

/// Stand for a parameter and a catch-all in [`shape`].
const PARAM: char = OPAQUE;
const CATCH_ALL: char = '\u{FFFE}';

fn check_text(pieces: &[Piece]) -> Result<(), &'static str> {
    for piece in pieces {
        let Piece::Text(text) = piece else { continue };
        if text.contains([PARAM, CATCH_ALL]) {
            return Err("it contains a Unicode noncharacter");
        }
        if (0..text.len()).any(|at| is_escape(&text.as_bytes()[at..])) {
            return Err("it contains a percent-escape, where the character itself is wanted");
        }
    }
    Ok(())
}

/// The pattern with one character for each parameter.
fn shape(pieces: &[Piece]) -> String {
    let mut shape = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => shape.push_str(text),
            Piece::Param => shape.push(PARAM),
            Piece::CatchAll => shape.push(CATCH_ALL),
        }
    }
    shape
}

fn check_segments(shape: &str) -> Result<(), &'static str> {
    let mut segments = shape.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        if segment.is_empty() && !last {
            return Err("two slashes follow each other");
        }
        // RFC 3986 §5.2.4: clients remove these before they send a path.
        if matches!(segment, "." | "..") {
            return Err("a segment is `.` or `..`");
        }
        if segment.matches([PARAM, CATCH_ALL]).count() > 1 {
            return Err("a segment has two parameters");
        }
        let alone = segment.chars().count() == 1;
        if segment.contains(CATCH_ALL) && !(alone && last) {
            return Err("a catch-all is not the whole last segment");
        }
    }
    Ok(())
}
