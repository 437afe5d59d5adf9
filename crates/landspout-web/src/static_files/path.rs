//! From the path of a URL to the path of a file.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A path below a root that leads nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath {
    /// Segments with one slash between them, none of them empty, `.` or `..`. Empty at the root.
    pub(crate) relative: String,
    /// Whether the URL has a slash at its end.
    pub(crate) is_directory: bool,
}

impl FilePath {
    /// `path` is that of a URL, percent-encoded, with a slash in front.
    pub(crate) fn of(path: &str) -> Option<FilePath> {
        let inside = path.strip_prefix('/')?;
        let (inside, is_directory) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, inside.is_empty()),
        };
        let mut relative = String::with_capacity(inside.len());
        if path.len() > 1 {
            for segment in inside.split('/') {
                let segment = percent_decode_str(segment).decode_utf8().ok()?;
                if !is_safe(&segment) {
                    return None;
                }
                if !relative.is_empty() {
                    relative.push('/');
                }
                relative.push_str(&segment);
            }
        }
        Some(FilePath { relative, is_directory })
    }

    /// The file that is meant: the path itself, or the index of a directory.
    pub(crate) fn file(&self) -> Cow<'_, str> {
        if self.is_directory { Cow::Owned(self.index()) } else { Cow::Borrowed(&self.relative) }
    }

    /// What the file is called if the path is a directory.
    pub(crate) fn index(&self) -> String {
        match &*self.relative {
            "" => "index.html".to_owned(),
            relative => format!("{relative}/index.html"),
        }
    }
}

fn is_safe(segment: &str) -> bool {
    let hidden = segment.starts_with('.') && segment != ".well-known";
    // On Windows a colon names a drive or a stream of a file.
    let colon = cfg!(windows) && segment.contains(':');
    !segment.is_empty() && !hidden && !colon && !segment.contains(['/', '\\', '\0'])
}
