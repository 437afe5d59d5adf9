//! Why a route cannot be used.

use landspout_handler::Error;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A route that cannot be used, and the line that added it: the cause of the error of an
/// [`Application`](crate::Application)'s `check`.
///
/// Its own [source](StdError::source) says what is wrong: a pattern that conflicts with another, both
/// of which it names, or is not well formed; a name that is taken; a handler that is not fit.
#[derive(Debug, Clone)]
pub struct RouteError {
    location: &'static Location<'static>,
    error: Arc<Error>,
}

impl RouteError {
    pub(crate) fn new(error: Error, location: &'static Location<'static>) -> RouteError {
        RouteError { location, error: Arc::new(error) }
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
        self.error.cause().map(|cause| cause as &(dyn StdError + 'static))
    }
}
