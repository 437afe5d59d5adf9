//! Names for what a loop is doing, small enough to be written at every poll.
//!
//! A name is interned once and is a number from then on, so that saying "this
//! loop now runs that task" costs two relaxed stores. The stall watchdog turns
//! the number back into words.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// More names than this in one process are a mistake (a name made per
/// request): the surplus shares one label instead of growing without end.
const MAX_LABELS: usize = 65_536;

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| Mutex::new(Registry::new()));

thread_local! {
    /// The labels of the source lines that this thread has spawned from.
    /// Keyed by address, not by file name, and ordered, not hashed: this is
    /// looked into at every spawn, and comparing a few numbers is cheaper.
    static SITES: RefCell<BTreeMap<(usize, Site), LabelId>> = const { RefCell::new(BTreeMap::new()) };
}

/// An interned name, as given by [`label`]. It means the same in all threads
/// of the process.
///
/// It turns into an `u32` and back, for code that hands it around without
/// knowing this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LabelId(u32);

impl LabelId {
    /// No label: whatever runs was not started through this crate.
    pub const NONE: LabelId = LabelId(0);
    const SURPLUS: LabelId = LabelId(1);
}

impl From<LabelId> for u32 {
    fn from(id: LabelId) -> u32 {
        id.0
    }
}

impl From<u32> for LabelId {
    fn from(id: u32) -> LabelId {
        LabelId(id)
    }
}

impl fmt::Display for LabelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&registry().name(*self))
    }
}

/// Interns a name for [`enter`](crate::enter).
///
/// The same name gives the same label. Names live as long as the process, so
/// name kinds of work ("handler GET /story/{id}"), never single pieces of it;
/// beyond 65 536 names all further ones share one label.
///
/// Takes a lock: call it once per name, not once per poll.
///
/// ```
/// let id = landspout_loop::label("handler GET /");
/// assert_eq!(id, landspout_loop::label("handler GET /"));
/// assert_eq!(id.to_string(), "handler GET /");
/// ```
pub fn label(name: &str) -> LabelId {
    registry().intern(name)
}

/// The ways in which code gets onto a loop from a line of source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    Main,
    Task,
    Callback,
    Timer,
    Periodic,
    #[cfg(unix)]
    Signal,
}

impl Site {
    /// The label of this kind of work started at `location`.
    pub(crate) fn label(self, location: &'static Location<'static>) -> LabelId {
        let key = (std::ptr::from_ref(location).addr(), self);
        let make = || label(&format!("{self} {location}"));
        let known = SITES.try_with(|sites| *sites.borrow_mut().entry(key).or_insert_with(make));
        // A thread that is ending has no table any more.
        known.unwrap_or_else(|_| make())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Site::Main => "main future run at",
            Site::Task => "task spawned at",
            Site::Callback => "callback added at",
            Site::Timer => "timer set at",
            Site::Periodic => "periodic callback started at",
            #[cfg(unix)]
            Site::Signal => "signal callback set at",
        })
    }
}

struct Registry {
    ids: HashMap<Arc<str>, LabelId>,
    names: Vec<Arc<str>>,
}

impl Registry {
    fn new() -> Registry {
        let mut registry = Registry { ids: HashMap::new(), names: Vec::new() };
        registry.intern("code that was not spawned through landspout");
        registry.intern("code whose name came after too many others");
        registry
    }

    fn intern(&mut self, name: &str) -> LabelId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        if self.names.len() == MAX_LABELS {
            return LabelId::SURPLUS;
        }
        let id = LabelId(u32::try_from(self.names.len()).expect("MAX_LABELS fits in 32 bits"));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.ids.insert(name, id);
        id
    }

    fn name(&self, id: LabelId) -> Arc<str> {
        let known = usize::try_from(id.0).ok().and_then(|index| self.names.get(index));
        known.map_or_else(|| "an unknown label".into(), Arc::clone)
    }
}

fn registry() -> MutexGuard<'static, Registry> {
    // Every change to the registry is complete or has not begun.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}
