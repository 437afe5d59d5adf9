//! Bodies that can be sent more than once.

use landspout_handler::Body;
use std::fmt;
use std::sync::Arc;

/// Makes the same body anew each time: for bodies that stream and may have to be sent again, after
/// a redirect, a challenge or a failure.
///
/// ```
/// use landspout_client::{Body, Replay};
///
/// let lines = Replay::new(|| {
///     let lines = ["one\n", "two\n"].map(|line| Ok::<_, std::io::Error>(line.into()));
///     Body::stream(futures_util::stream::iter(lines))
/// });
/// assert_eq!(lines.body().len(), None);
/// ```
#[derive(Clone)]
pub struct Replay(Arc<dyn Fn() -> Body + Send + Sync>);

impl Replay {
    /// A body that this function makes.
    pub fn new(make: impl Fn() -> Body + Send + Sync + 'static) -> Replay {
        Replay(Arc::new(make))
    }

    /// The body, once more.
    pub fn body(&self) -> Body {
        (self.0)()
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replay")
    }
}

/// What the body of a request can be had from once more.
#[derive(Debug)]
pub(crate) enum Spare {
    /// It is whole.
    Whole(Body),
    /// It is made anew.
    Made(Replay),
}

impl Spare {
    /// `None` if the body streams, and nothing makes it anew.
    pub(crate) fn of(body: &Body, replay: Option<&Replay>) -> Option<Spare> {
        match replay {
            Some(replay) => Some(Spare::Made(replay.clone())),
            None => body.try_clone().map(Spare::Whole),
        }
    }

    pub(crate) fn body(&self) -> Body {
        match self {
            Spare::Whole(body) => body.try_clone().unwrap_or_default(),
            Spare::Made(replay) => replay.body(),
        }
    }
}
