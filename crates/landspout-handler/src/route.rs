//! Which route a request took, and where its parameters stand.

use smallvec::SmallVec;
use std::ops::Range;
use std::sync::Arc;

/// A route as it was registered: its pattern and the names of its parameters, in order.
///
/// A router makes one for each pattern; every request that takes the route shares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The pattern, such as `/story/{id}`.
    pub pattern: Box<str>,
    /// The names of the parameters, in the order in which they stand in the pattern.
    pub names: Box<[Box<str>]>,
}

/// A route and where, in a request's path, the value of each parameter stands.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) route: Arc<Route>,
    /// Byte ranges within the path. A path is shorter than 64 KiB: `http::Uri` sees to that.
    ranges: SmallVec<[(u16, u16); 4]>,
}

impl Taken {
    /// # Panics
    /// A range does not lie on character boundaries of `path`, or there is not one for each name.
    pub(crate) fn new(
        route: Arc<Route>,
        path: &str,
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Taken {
        let narrow = |at: usize| u16::try_from(at).expect("a path is shorter than 64 KiB");
        let mut kept = SmallVec::new();
        ranges.into_iter().for_each(|range| {
            assert!(path.get(range.clone()).is_some(), "{range:?} is no part of {path:?}");
            kept.push((narrow(range.start), narrow(range.end)));
        });
        assert_eq!(kept.len(), route.names.len(), "a range for each parameter of {route:?}");
        Taken { route, ranges: kept }
    }

    /// Name and value, as it stands in the path, of each parameter.
    pub(crate) fn parameters<'a>(
        &'a self,
        path: &'a str,
    ) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone {
        let values = self.ranges.iter().map(|&(start, end)| &path[start.into()..end.into()]);
        self.route.names.iter().map(|name| &**name).zip(values)
    }
}
