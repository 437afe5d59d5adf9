//! What can go wrong: one type for each verb that fails.

use http::Method;
use std::error::Error;
use std::fmt;

/// Why a pattern, a name or another router was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError {
    /// Two patterns would answer the same paths with the same right:
    /// `/story/{id}` and `/story/{slug}`.
    Conflict {
        /// The pattern that was refused.
        pattern: String,
        /// The pattern that was there before.
        existing: String,
    },
    /// The text is not a pattern: `/story/{id`, `story`, `/{a}-{b}`.
    Malformed {
        /// The pattern that was refused.
        pattern: String,
        /// What is wrong with it, in words.
        reason: &'static str,
    },
    /// A pattern names two of its parameters alike: `/{id}/{id}`.
    DuplicateParameter {
        /// The pattern that was refused.
        pattern: String,
        /// The name that occurs twice.
        parameter: String,
    },
    /// A name was given to a pattern that the router does not hold.
    NoSuchPattern {
        /// The name that was refused.
        name: String,
        /// The pattern that is not there.
        pattern: String,
    },
    /// A name already belongs to another pattern.
    NameTaken {
        /// The name that was refused.
        name: String,
        /// The pattern that was to bear it.
        pattern: String,
        /// The pattern that bears it.
        existing: String,
    },
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { pattern, existing } => {
                write!(f, "`{pattern}` conflicts with `{existing}`")
            }
            Self::Malformed { pattern, reason } => {
                write!(f, "`{pattern}` is not a pattern: {reason}")
            }
            Self::DuplicateParameter { pattern, parameter } => {
                write!(f, "`{pattern}` names two parameters `{parameter}`")
            }
            Self::NoSuchPattern { name, pattern } => {
                write!(f, "no route `{pattern}` to be named `{name}`")
            }
            Self::NameTaken { name, pattern, existing } => {
                write!(f, "`{pattern}` cannot be named `{name}`, which is the name of `{existing}`")
            }
        }
    }
}

impl Error for InsertError {}

/// What [`Router::at`](crate::Router::at) answers when no route has the path.
///
/// Closed: a path is found, or is found with another ending, or is not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// No route matches.
    NotFound,
    /// The path with one slash more or less at its end matches, and
    /// [`TrailingSlash::Redirect`](crate::TrailingSlash::Redirect) was chosen.
    ///
    /// Holds that path, without a query, ready for a `Location` header: it is
    /// visible ASCII and begins with exactly one slash, so it never leads to
    /// another host.
    Redirect(String),
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "no route matches"),
            Self::Redirect(path) => write!(f, "no route matches, but one matches `{path}`"),
        }
    }
}

impl Error for Miss {}

/// A parameter whose percent-decoded bytes are not UTF-8, such as `%FF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    pub(crate) name: String,
}

impl ParamError {
    /// The name of the parameter.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path parameter `{}` is not UTF-8", self.name)
    }
}

impl Error for ParamError {}

/// Why [`Router::url`](crate::Router::url) made no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// No route bears the name.
    UnknownName {
        /// The name that was asked for.
        name: String,
    },
    /// A parameter of the pattern was given no value.
    Missing {
        /// The name of the route.
        name: String,
        /// The parameter without a value.
        parameter: String,
    },
    /// A value was given for something that is not a parameter, or given twice.
    Surplus {
        /// The name of the route.
        name: String,
        /// The argument too many.
        parameter: String,
    },
    /// A value is the empty text, which no parameter matches.
    Empty {
        /// The name of the route.
        name: String,
        /// The parameter with the empty value.
        parameter: String,
    },
    /// The path made from the values does not lead back to the route. Another
    /// route has it (`/user/me` beside `/user/{id}` when the id is `me`), or
    /// clients would change it (a value of `..`), or take it for a host (`//`).
    Astray {
        /// The name of the route.
        name: String,
        /// The path that was made.
        path: String,
    },
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name } => write!(f, "no route is named `{name}`"),
            Self::Missing { name, parameter } => {
                write!(f, "route `{name}` needs a value for `{parameter}`")
            }
            Self::Surplus { name, parameter } => {
                write!(f, "route `{name}` has no place for this `{parameter}`")
            }
            Self::Empty { name, parameter } => {
                write!(f, "route `{name}` needs a value for `{parameter}` that is not empty")
            }
            Self::Astray { name, path } => {
                write!(f, "`{path}` does not lead back to route `{name}`")
            }
        }
    }
}

impl Error for UrlError {}

/// A method that was given two values in one [`Methods`](crate::Methods).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateMethod {
    pub(crate) method: Option<Method>,
}

impl DuplicateMethod {
    /// The method; `None` stands for
    /// [`Methods::insert_any`](crate::Methods::insert_any).
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }
}

impl fmt::Display for DuplicateMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{method} already has a value"),
            None => write!(f, "any other method already has a value"),
        }
    }
}

impl Error for DuplicateMethod {}
