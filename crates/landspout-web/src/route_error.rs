//! Why a route cannot be used.

use crate::endpoint::Fault;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A route that cannot be used, and the line that added it; found by
/// [`Application::check`](crate::Application::check).
///
/// The [source](StdError::source) says what is wrong: a pattern that conflicts with another, both
/// of which it names, or is not well formed; a name that is taken; a method with two handlers.
#[derive(Debug, Clone)]
pub struct RouteError {
    location: &'static Location<'static>,
    source: Arc<dyn StdError + Send + Sync>,
}

impl RouteError {
    pub(crate) fn new(
        source: impl Into<Fault>,
        location: &'static Location<'static>,
    ) -> RouteError {
        RouteError { location, source: source.into().into() }
    }

    /// The line of the program that added the route.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the route added at {} cannot be used", self.location)
    }
}

impl StdError for RouteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
