//! The parameters of a matched path.

use crate::error::ParamError;
use crate::pattern::Pattern;
use crate::spelling::Spelling;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::ops::Range;

/// The parameters of a path that was matched, in the order of the pattern.
///
/// Nothing is decoded before it is asked for.
///
/// ```
/// # use landspout_router::Router;
/// let mut router = Router::new();
/// router.insert("/{user}/files/{*path}", ())?;
/// let found = router.at("/ann%2Fbob/files/2026/plan.txt")?;
///
/// let user = found.params.get("user").expect("the pattern has a user");
/// assert_eq!(user.raw(), "ann%2Fbob");
/// assert_eq!(user.decode()?, "ann/bob");
///
/// let all: Vec<_> = found.params.iter().map(|param| (param.name(), param.raw())).collect();
/// assert_eq!(all, [("user", "ann%2Fbob"), ("path", "2026/plan.txt")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Params<'router, 'path> {
    pub(crate) pattern: &'router Pattern,
    pub(crate) path: &'path str,
    /// Of `path`, if it is another text.
    pub(crate) spelling: Option<Box<Spelling>>,
}

impl<'router, 'path> Params<'router, 'path> {
    /// The parameter of this name.
    pub fn get(&self, name: &str) -> Option<Param<'router, 'path>> {
        self.iter().find(|param| param.name == name)
    }

    /// The number of parameters.
    pub fn len(&self) -> usize {
        self.pattern.names.len()
    }

    /// Whether the pattern has no parameter.
    pub fn is_empty(&self) -> bool {
        self.pattern.names.is_empty()
    }

    /// All parameters.
    pub fn iter(&self) -> impl Iterator<Item = Param<'router, 'path>> {
        let path = self.path;
        let names = self.names().iter().map(|name| &**name);
        names.zip(self.ranges()).map(move |(name, range)| Param { name, path, range })
    }

    /// The names, as the pattern of the route gave them.
    ///
    /// With [`ranges`](Self::ranges), a caller can keep the parameters as numbers that
    /// borrow nothing.
    pub fn names(&self) -> &'router [Box<str>] {
        &self.pattern.names
    }

    /// Where in the path that was asked for each raw value is, in bytes.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let spelling = self.spelling.as_deref();
        let text = spelling.map_or(self.path, |spelling| &spelling.text);
        self.pattern.ranges_in(text).map(move |range| match spelling {
            Some(spelling) => spelling.range_in_path(range),
            None => range,
        })
    }
}

/// A parameter of a path: its name and the part of the path that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'router, 'path> {
    name: &'router str,
    path: &'path str,
    range: Range<usize>,
}

impl<'router, 'path> Param<'router, 'path> {
    /// The name that the pattern gives it.
    pub fn name(&self) -> &'router str {
        self.name
    }

    /// The value as the path spells it, percent-encoded. Never empty.
    pub fn raw(&self) -> &'path str {
        &self.path[self.range.clone()]
    }

    /// The value, percent-decoded (RFC 3986 §2.1). A percent sign without two
    /// hexadecimal digits behind it stands for itself.
    ///
    /// The value of `{*rest}` may hold slashes that the path had as `%2F`; a caller
    /// to whom they differ splits [`raw`](Self::raw) first.
    ///
    /// # Errors
    /// When the decoded bytes are not UTF-8, as in `%FF`.
    pub fn decode(&self) -> Result<Cow<'path, str>, ParamError> {
        percent_decode_str(self.raw())
            .decode_utf8()
            .map_err(|_| ParamError { name: self.name.to_owned() })
    }
}
