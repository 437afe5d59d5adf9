//! The router.

use crate::error::{InsertError, Miss, UrlError};
use crate::params::Params;
use crate::pattern::{Pattern, Piece, join};
use crate::plain::Plain;
use crate::spelling::Spelling;
use crate::url;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

/// A map from paths to values, by patterns with parameters.
///
/// ```
/// use landspout_router::{Miss, Router};
///
/// let mut router = Router::new();
/// router.insert("/user/{id}", "anybody")?;
/// router.insert("/user/me", "myself")?;
///
/// assert_eq!(router.at("/user/7")?.value, &"anybody");
/// assert_eq!(router.at("/user/me")?.value, &"myself");
/// assert_eq!(router.at("/user").unwrap_err(), Miss::NotFound);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The [crate's documentation](crate) has the rules for patterns and paths.
#[derive(Clone, Debug)]
pub struct Router<T> {
    /// From patterns to places in `entries`. Its parameters are those of the pattern.
    tree: matchit::Router<usize>,
    /// The same for the patterns without parameters, which come before all others.
    plain: Plain,
    entries: Vec<Entry<T>>,
    /// From names to places in `entries`.
    names: HashMap<Box<str>, usize>,
    trailing_slash: TrailingSlash,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    pattern: Pattern,
    name: Option<Box<str>>,
    value: T,
}

/// What a path gets whose route exists only with, or only without, a slash at its end.
///
/// Closed: other answers are the caller's to give, after [`Miss::NotFound`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailingSlash {
    /// [`Miss::NotFound`]. The default.
    #[default]
    Strict,
    /// [`Miss::Redirect`] with the path that has a route.
    Redirect,
    /// The route, as if its pattern had been written like the path.
    Merge,
}

/// A route that has the path: see [`Router::at`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Match<'router, 'path, T> {
    /// The value that was inserted.
    pub value: &'router T,
    /// The pattern that it was inserted with.
    pub pattern: &'router str,
    /// What the path has where the pattern has parameters.
    pub params: Params<'router, 'path>,
}

/// A route as [`Router::routes`] lists it, and as [`Router::map`] hands it over.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Route<'router, V> {
    /// The pattern, with the prefixes it was nested under.
    pub pattern: &'router str,
    /// The names of the parameters, in the order of the pattern.
    pub parameters: &'router [Box<str>],
    /// The name of the route, if it has one.
    pub name: Option<&'router str>,
    /// The value.
    pub value: V,
}

impl<T> Router<T> {
    /// A router without routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what a path gets whose route exists only with, or only without, a slash
    /// at its end. The route that has the path as it stands always comes first.
    ///
    /// ```
    /// use landspout_router::{Miss, Router, TrailingSlash};
    ///
    /// let mut router = Router::new().trailing_slash(TrailingSlash::Redirect);
    /// router.insert("/docs/", "the manual")?;
    /// assert_eq!(router.at("/docs").unwrap_err(), Miss::Redirect("/docs/".to_owned()));
    /// # Ok::<(), landspout_router::InsertError>(())
    /// ```
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.trailing_slash = policy;
        self
    }

    /// Adds a route.
    ///
    /// # Errors
    /// When the pattern is not well formed, names two parameters alike, or would be
    /// ambiguous beside another one. The router is then as it was.
    pub fn insert(&mut self, pattern: &str, value: T) -> Result<(), InsertError> {
        let pattern = Pattern::parse(pattern)?;
        if let Err(error) = self.tree.insert(&*pattern.text, self.entries.len()) {
            return Err(self.conflict(&pattern, &error));
        }
        if let [Piece::Text(path)] = &pattern.pieces[..] {
            self.plain.insert(path, self.entries.len());
        }
        self.entries.push(Entry { pattern, name: None, value });
        Ok(())
    }

    /// Names a route, so that [`url`](Self::url) can lead to it. A route has one name:
    /// a second one takes the place of the first.
    ///
    /// # Errors
    /// When there is no route with this very pattern, or another one has the name.
    pub fn name(&mut self, name: &str, pattern: &str) -> Result<(), InsertError> {
        let Some(place) = self.place(pattern) else {
            return Err(InsertError::NoSuchPattern {
                name: name.to_owned(),
                pattern: pattern.to_owned(),
            });
        };
        self.name_place(name, place)
    }

    /// Adds the routes of `other`, with their names.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) and [`name`](Self::name); either all routes are
    /// added or none.
    pub fn merge(&mut self, other: Self) -> Result<(), InsertError> {
        self.nest("", other)
    }

    /// Adds the routes of `other`, with their names, under `prefix`, which is itself
    /// a pattern and may have parameters. The route `/` of `other` becomes `prefix`
    /// as it is written, with or without a slash at its end.
    ///
    /// ```
    /// # use landspout_router::Router;
    /// let mut posts = Router::new();
    /// posts.insert("/", "all posts")?;
    /// posts.insert("/{post}", "one post")?;
    ///
    /// let mut router = Router::new();
    /// router.nest("/blog/{blog}", posts)?;
    /// assert_eq!(router.at("/blog/rust")?.value, &"all posts");
    /// assert_eq!(router.at("/blog/rust/1")?.pattern, "/blog/{blog}/{post}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What `other` says about trailing slashes is dropped: one router has one policy.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) and [`name`](Self::name); either all routes are
    /// added or none.
    pub fn nest(&mut self, prefix: &str, other: Self) -> Result<(), InsertError> {
        let tree = self.tree.clone();
        let len = self.entries.len();
        for entry in other.entries {
            let added =
                self.insert(&join(prefix, &entry.pattern.text), entry.value).and_then(|()| {
                    match &entry.name {
                        Some(name) => self.name_place(name, self.entries.len() - 1),
                        None => Ok(()),
                    }
                });
            if let Err(error) = added {
                self.tree = tree;
                self.plain.truncate(len);
                self.entries.truncate(len);
                self.names.retain(|_, place| *place < len);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Finds the route that has the path.
    ///
    /// `path` is the path of a request's target, percent-encoded as it came, without
    /// the query.
    ///
    /// # Errors
    /// [`Miss::NotFound`] when no route has it; [`Miss::Redirect`] when
    /// [`TrailingSlash::Redirect`] was chosen and a route has it with one slash more
    /// or less at its end.
    #[inline]
    pub fn at<'path>(&self, path: &'path str) -> Result<Match<'_, 'path, T>, Miss> {
        match self.exactly_at(path) {
            Some(found) => Ok(found),
            None => self.at_other_ending(path),
        }
    }

    /// Makes the path that leads to the route of this name.
    ///
    /// Every parameter of the pattern needs a value. Values are percent-encoded; in
    /// the value of a catch-all, slashes are kept.
    ///
    /// ```
    /// # use landspout_router::Router;
    /// let mut router = Router::new();
    /// router.insert("/story/{id}/{title}", ())?;
    /// router.name("story", "/story/{id}/{title}")?;
    /// let url = router.url("story", &[("id", &7), ("title", &"this & that")])?;
    /// assert_eq!(url, "/story/7/this%20&%20that");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When no route has the name, when a value is missing, surplus or empty, and
    /// when the path would not lead back to this route with these values.
    pub fn url(&self, name: &str, args: &[(&str, &dyn Display)]) -> Result<String, UrlError> {
        let Some(&place) = self.names.get(name) else {
            return Err(UrlError::UnknownName { name: name.to_owned() });
        };
        let pattern = &self.entries[place].pattern;
        let path = url::path(name, pattern, args)?;
        match self.exactly_at(&path) {
            Some(found)
                if found.pattern == &*pattern.text && !url::is_changed_by_clients(&path) =>
            {
                Ok(path)
            }
            _ => Err(UrlError::Astray { name: name.to_owned(), path }),
        }
    }

    /// All routes, in the order in which they were inserted.
    pub fn routes(&self) -> impl Iterator<Item = Route<'_, &T>> {
        self.entries.iter().map(|entry| Route {
            pattern: &entry.pattern.text,
            parameters: &entry.pattern.names,
            name: entry.name.as_deref(),
            value: &entry.value,
        })
    }

    /// The value that was inserted with this very pattern.
    pub fn get(&self, pattern: &str) -> Option<&T> {
        self.place(pattern).map(|place| &self.entries[place].value)
    }

    /// The value that was inserted with this very pattern, to be changed.
    pub fn get_mut(&mut self, pattern: &str) -> Option<&mut T> {
        self.place(pattern).map(|place| &mut self.entries[place].value)
    }

    /// The same routes with other values.
    pub fn map<U>(self, mut change: impl FnMut(Route<'_, T>) -> U) -> Router<U> {
        let entries = self.entries.into_iter().map(|entry| Entry {
            value: change(Route {
                pattern: &entry.pattern.text,
                parameters: &entry.pattern.names,
                name: entry.name.as_deref(),
                value: entry.value,
            }),
            pattern: entry.pattern,
            name: entry.name,
        });
        Router {
            tree: self.tree,
            plain: self.plain,
            entries: entries.collect(),
            names: self.names,
            trailing_slash: self.trailing_slash,
        }
    }

    fn place(&self, pattern: &str) -> Option<usize> {
        self.entries.iter().position(|entry| &*entry.pattern.text == pattern)
    }

    fn name_place(&mut self, name: &str, place: usize) -> Result<(), InsertError> {
        match self.names.get(name) {
            Some(&taken) if taken != place => Err(InsertError::NameTaken {
                name: name.to_owned(),
                pattern: self.entries[place].pattern.text.to_string(),
                existing: self.entries[taken].pattern.text.to_string(),
            }),
            _ => {
                if let Some(before) = self.entries[place].name.replace(name.into()) {
                    self.names.remove(&before);
                }
                self.names.insert(name.into(), place);
                Ok(())
            }
        }
    }

    /// Names the pattern that is in the way. matchit's error has only the text that it
    /// gathers from its tree, which need not be a pattern that was inserted; so each
    /// route is asked alone.
    fn conflict(&self, pattern: &Pattern, error: &matchit::InsertError) -> InsertError {
        let in_the_way = |entry: &&Entry<T>| {
            let mut pair = matchit::Router::new();
            pair.insert(&*entry.pattern.text, ()).is_ok()
                && pair.insert(&*pattern.text, ()).is_err()
        };
        let existing = self.entries.iter().find(in_the_way);
        let existing =
            existing.map_or_else(|| error.to_string(), |entry| entry.pattern.text.to_string());
        InsertError::Conflict { pattern: pattern.text.to_string(), existing }
    }

    /// Within [`at`](Self::at), most of what it returns need not be written anywhere.
    #[inline(always)]
    fn exactly_at<'path>(&self, path: &'path str) -> Option<Match<'_, 'path, T>> {
        let spelling = Spelling::of(path).map(Box::new);
        let text = spelling.as_deref().map_or(path, |spelling| &spelling.text);
        let place = match self.plain.at(text) {
            Some(place) => place,
            None => *self.tree.at(text).ok()?.value,
        };
        let entry = &self.entries[place];
        let params = Params { pattern: &entry.pattern, path, spelling };
        Some(Match { value: &entry.value, pattern: &entry.pattern.text, params })
    }

    /// What the policy makes of a path that no route has.
    #[cold]
    fn at_other_ending<'path>(&self, path: &'path str) -> Result<Match<'_, 'path, T>, Miss> {
        if self.trailing_slash == TrailingSlash::Strict {
            return Err(Miss::NotFound);
        }
        let other = match path.strip_suffix('/') {
            Some(shorter) => Cow::Borrowed(shorter),
            None => Cow::Owned(format!("{path}/")),
        };
        let found = self.exactly_at(&other).ok_or(Miss::NotFound)?;
        match self.trailing_slash {
            // Two slashes in front would name a host (RFC 3986 §4.2).
            TrailingSlash::Redirect if other.starts_with("//") => Err(Miss::NotFound),
            TrailingSlash::Redirect => Err(Miss::Redirect(url::visible_ascii(&other))),
            // Parameters hold no slash that was added, so they lie in `path`, too.
            _ => {
                let spelling = Spelling::of(path).map(Box::new);
                let params = Params { pattern: found.params.pattern, path, spelling };
                Ok(Match { value: found.value, pattern: found.pattern, params })
            }
        }
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self {
            tree: matchit::Router::new(),
            plain: Plain::default(),
            entries: Vec::new(),
            names: HashMap::new(),
            trailing_slash: TrailingSlash::default(),
        }
    }
}
