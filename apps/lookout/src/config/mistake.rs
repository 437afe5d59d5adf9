//! Mistakes in a file, shown with their line and a caret.

use std::fmt;
use std::ops::Range;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The line in which it begins, from 1.
    pub line: usize,
    /// The column in which it begins, in characters from 1.
    pub column: usize,
    /// What is wrong and what to do about it, in one sentence without a full stop.
    pub message: String,
    /// How many characters of the line are wrong, at least 1.
    length: usize,
}

/// All mistakes in a file, in the order of their places, at least one.
///
/// Displayed each with its line and a caret:
///
/// ```text
/// lookout.toml:12:9: "every" must be at least 1s
///    |
/// 12 | every = "10ms"
///    |         ^^^^^^
/// ```
#[derive(Debug, Clone)]
pub struct Mistakes {
    name: String,
    lines: Vec<String>,
    mistakes: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn new(name: &str, text: &str, mut found: Vec<(Range<usize>, String)>) -> Mistakes {
        found.sort_by_key(|(span, _)| span.start);
        found.dedup();
        let mistakes = found.into_iter().map(|(span, message)| locate(text, span, message));
        Mistakes {
            name: name.to_owned(),
            mistakes: mistakes.collect(),
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.name
    }

    /// The mistakes, first in the file first.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.mistakes.iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            let Mistake { line, column, message, length } = mistake;
            let source = self.lines.get(line - 1).map_or("", String::as_str);
            let margin = " ".repeat(line.to_string().len());
            // A tab stays a tab, so that the caret is under its column at any tab width.
            let indent: String = source
                .chars()
                .take(column - 1)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(
                f,
                "{}:{line}:{column}: {message}\n{margin} |\n{line} | {source}\n{margin} | {indent}{}",
                self.name,
                "^".repeat(*length),
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

fn locate(text: &str, span: Range<usize>, message: String) -> Mistake {
    // A mistake at the very end, such as a missing bracket, is shown behind the last line.
    let end_of_text = text.trim_end().len();
    let start = text.floor_char_boundary(span.start.min(end_of_text));
    let before = &text[..start];
    let begin_of_line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let rest_of_line = text[start..].lines().next().unwrap_or("");
    let end = text.floor_char_boundary(span.end.clamp(start, start + rest_of_line.len()));
    Mistake {
        line: before.matches('\n').count() + 1,
        column: before[begin_of_line..].chars().count() + 1,
        message,
        length: text[start..end].chars().count().max(1),
    }
}
