//! The characters that a percent-encoded path spells, and where they came from.

use percent_encoding::percent_decode;
use std::ops::Range;

/// Stands in a [`Spelling`] for what must equal no text of any pattern: an encoded
/// slash, and bytes that are not UTF-8. A noncharacter, which patterns may not hold.
pub(crate) const OPAQUE: char = '\u{FFFF}';

/// A path with its escapes decoded.
///
/// RFC 3986 §2.2: a reserved character without a delimiting role stands for itself,
/// encoded or not; in a path that is matched by segments only `/` has such a role.
/// So decoding everything but `%2F` is more than the normalisation of §6.2.2 (case
/// of the digits, unreserved characters) and still compares only what is equal.
#[derive(Clone, Debug)]
pub(crate) struct Spelling {
    pub(crate) text: String,
    /// For each escape, where it ends in `text` and where in the path; ascending.
    ends: Vec<(usize, usize)>,
}

impl Spelling {
    /// The spelling of `path`, or `None` when it is the path itself.
    #[inline]
    pub(crate) fn of(path: &str) -> Option<Self> {
        if has_percent(path.as_bytes()) { Self::decode(path) } else { None }
    }

    fn decode(path: &str) -> Option<Self> {
        let mut spelling = Self { text: String::with_capacity(path.len()), ends: Vec::new() };
        let mut done = 0;
        while let Some(escapes) = next_escapes(path, done) {
            spelling.text.push_str(&path[done..escapes.start]);
            spelling.push_escapes(&path[escapes.clone()], escapes.start);
            done = escapes.end;
        }
        spelling.text.push_str(&path[done..]);
        (done > 0).then_some(spelling)
    }

    /// Appends the characters of `escapes`, a run of escapes at `start` in the path.
    fn push_escapes(&mut self, escapes: &str, start: usize) {
        let bytes: Vec<u8> = percent_decode(escapes.as_bytes()).collect();
        let mut end = start;
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let opaque = if character == '/' { OPAQUE } else { character };
                end += character.len_utf8() * ESCAPE_LEN;
                self.push(opaque, end);
            }
            for _ in chunk.invalid() {
                end += ESCAPE_LEN;
                self.push(OPAQUE, end);
            }
        }
    }

    fn push(&mut self, character: char, end: usize) {
        self.text.push(character);
        self.ends.push((self.text.len(), end));
    }

    /// The place in the path of `range` in the text, which must lie between
    /// characters.
    pub(crate) fn range_in_path(&self, range: Range<usize>) -> Range<usize> {
        self.position_in_path(range.start)..self.position_in_path(range.end)
    }

    fn position_in_path(&self, position: usize) -> usize {
        let before = self.ends.partition_point(|&(text, _)| text <= position);
        match before.checked_sub(1).map(|last| self.ends[last]) {
            Some((text, path)) => path + (position - text),
            None => position,
        }
    }
}

/// Whether there is a percent sign. Blocks of 8 bytes, the last of which overlaps the one
/// before it, are what the compiler turns into one comparison each; few paths are shorter.
#[inline]
fn has_percent(path: &[u8]) -> bool {
    let in_block =
        |block: &[u8; 8]| block.iter().fold(false, |found, &byte| found | (byte == b'%'));
    match path.last_chunk() {
        Some(last) => path.as_chunks().0.iter().any(in_block) || in_block(last),
        None => path.contains(&b'%'),
    }
}

/// The length of `%2F`, in bytes.
const ESCAPE_LEN: usize = 3;

/// The next run of escapes at or after `from`.
fn next_escapes(path: &str, from: usize) -> Option<Range<usize>> {
    let bytes = path.as_bytes();
    let start = (from..bytes.len()).find(|&at| is_escape(&bytes[at..]))?;
    let mut end = start;
    while is_escape(&bytes[end..]) {
        end += ESCAPE_LEN;
    }
    Some(start..end)
}

/// Whether the bytes begin with a percent sign and two hexadecimal digits.
pub(crate) fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}
