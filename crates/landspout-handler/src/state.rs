//! Values of an application that its handlers reach through the request.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Values of an application, one of each type: some shared by all loops, some of this loop alone.
///
/// A request carries its application's `State`; see
/// [`Request::shared`](crate::Request::shared) and [`Request::per_loop`](crate::Request::per_loop).
/// The values of the loop stay on their thread, in a table that the [`StateBuilder`] owns: a
/// request that went to another thread, inside a client for instance, does not find them there,
/// and is `Send` all the same.
#[derive(Debug, Clone)]
pub struct State(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// The key of this application's values in the table of its thread.
    local_key: u64,
}

/// Keys are never used twice in a process: a state that outlives its builder, or is asked on another
/// thread, finds nothing rather than another application's values.
static NEXT_KEY: AtomicU64 = AtomicU64::new(0);

type LocalValues = HashMap<TypeId, Rc<dyn Any>>;

thread_local! {
    static LOCAL: RefCell<HashMap<u64, LocalValues>> = RefCell::default();
}

impl State {
    pub(crate) fn shared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = self.0.shared.get(&TypeId::of::<T>())?;
        Arc::clone(value).downcast().ok()
    }

    pub(crate) fn per_loop<T: 'static>(&self) -> Option<Rc<T>> {
        LOCAL.with_borrow(|table| {
            let value = table.get(&self.0.local_key)?.get(&TypeId::of::<T>())?;
            Rc::clone(value).downcast().ok()
        })
    }
}

/// Collects the values of an application, and keeps those of its loop alive.
///
/// ```
/// use landspout_handler::{Request, StateBuilder};
/// use std::{cell::Cell, sync::Arc};
///
/// struct Visits(Cell<u32>);
///
/// let mut builder = StateBuilder::new();
/// builder.insert_shared(Arc::new(String::from("one for all loops")));
/// builder.insert_per_loop(Visits(Cell::new(0)));
///
/// let mut request = Request::get("/");
/// request.set_state(builder.state());
/// assert_eq!(*request.shared::<String>()?, "one for all loops");
/// assert_eq!(request.per_loop::<Visits>()?.0.get(), 0);
/// # Ok::<(), landspout_handler::Error>(())
/// ```
#[derive(Debug)]
pub struct StateBuilder {
    shared: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    local_key: u64,
    /// Binds the builder to the thread whose table holds its values.
    not_send: std::marker::PhantomData<Rc<()>>,
}

impl StateBuilder {
    /// No values yet.
    pub fn new() -> StateBuilder {
        let local_key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
        StateBuilder { shared: HashMap::new(), local_key, not_send: std::marker::PhantomData }
    }

    /// Adds a value that all loops share, in place of any of the same type.
    pub fn insert_shared<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.shared.insert(TypeId::of::<T>(), value);
    }

    /// Adds a value of this loop alone, in place of any of the same type.
    pub fn insert_per_loop<T: 'static>(&mut self, value: T) {
        LOCAL.with_borrow_mut(|table| {
            table.entry(self.local_key).or_default().insert(TypeId::of::<T>(), Rc::new(value))
        });
    }

    /// What requests carry.
    pub fn state(&self) -> State {
        State(Arc::new(Inner { shared: self.shared.clone(), local_key: self.local_key }))
    }
}

impl Default for StateBuilder {
    fn default() -> StateBuilder {
        StateBuilder::new()
    }
}

impl Drop for StateBuilder {
    fn drop(&mut self) {
        // The table may be gone already, when the thread is ending.
        let values = LOCAL.try_with(|table| table.borrow_mut().remove(&self.local_key));
        drop(values);
    }
}
