//! The part of a loop that stays on its thread: the callbacks and timers that
//! wait, and the task that runs them.

use crate::callback::Callback;
use crate::config::LoopConfig;
use crate::handle::Shared;
use crate::label::LabelId;
use crate::timer::{TimerKey, Timers};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

thread_local! {
    /// The loop that this thread is running.
    static RUNNING: RefCell<Option<Rc<Scheduler>>> = const { RefCell::new(None) };
    /// The schedulers given to runtimes that are not ours. A list, because a
    /// simulation may drive many runtimes from one thread.
    static ATTACHED: RefCell<Vec<(Id, Rc<Scheduler>)>> = const { RefCell::new(Vec::new()) };
}

/// Says that `label` holds the current loop from now on, and returns the label
/// that did before, to be entered again afterwards.
///
/// This is for code that polls others on the loop's behalf, such as a server
/// that runs handlers within a connection's task: the stall watchdog then
/// names the handler. It costs a few instructions, may be called at every
/// poll, and does nothing where no [`EventLoop`](crate::EventLoop) is running.
///
/// ```
/// use landspout_loop::{EventLoop, LabelId, enter, label};
///
/// EventLoop::new()?.run_until(async {
///     let task = enter(label("handler GET /"));
///     // ... poll the handler here ...
///     assert_eq!(enter(task), label("handler GET /"));
/// });
/// assert_eq!(enter(label("outside")), LabelId::NONE);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn enter(label: LabelId) -> LabelId {
    // A thread that is ending has no loop.
    let previous = RUNNING.try_with(|running| {
        running.borrow().as_ref().map(|scheduler| scheduler.shared.gauges.enter(label))
    });
    previous.ok().flatten().unwrap_or(LabelId::NONE)
}

/// Callbacks, timers, and how to wake the [`Driver`] that runs them.
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
    callbacks: RefCell<VecDeque<Callback>>,
    timers: RefCell<Timers>,
    driver: RefCell<Option<Waker>>,
    /// The driver is being polled, or will be: no need to wake it.
    awake: Cell<bool>,
    closed: Cell<bool>,
}

impl Scheduler {
    pub(crate) fn new(shared: Arc<Shared>) -> Rc<Scheduler> {
        Rc::new(Scheduler {
            shared,
            callbacks: RefCell::default(),
            timers: RefCell::default(),
            driver: RefCell::default(),
            // A task is polled once without being woken.
            awake: Cell::new(true),
            closed: Cell::new(false),
        })
    }

    /// The scheduler of the loop that runs the calling code; a runtime that is
    /// not ours is given one when it first asks.
    #[track_caller]
    pub(crate) fn current() -> Rc<Scheduler> {
        if let Some(scheduler) = Scheduler::running() {
            return scheduler;
        }
        let Ok(runtime) = Handle::try_current() else {
            panic!("no event loop is running on this thread");
        };
        Scheduler::attached(runtime.id())
    }

    /// The scheduler of the [`EventLoop`](crate::EventLoop) that this thread runs.
    pub(crate) fn running() -> Option<Rc<Scheduler>> {
        RUNNING.try_with(|running| running.borrow().clone()).ok().flatten()
    }

    #[track_caller]
    fn attached(runtime: Id) -> Rc<Scheduler> {
        let known = ATTACHED.with_borrow(|attached| {
            let entry = attached.iter().find(|(id, _)| *id == runtime);
            entry.map(|(_, scheduler)| Rc::clone(scheduler))
        });
        known.unwrap_or_else(|| {
            let scheduler = Scheduler::new(Arc::new(Shared::new(&LoopConfig::default())));
            tokio::task::spawn_local(Driver::new(&scheduler));
            // A runtime that is shutting down drops what is spawned at once.
            if !scheduler.closed.get() {
                let entry = (runtime, Rc::clone(&scheduler));
                ATTACHED.with_borrow_mut(|attached| attached.push(entry));
            }
            scheduler
        })
    }

    /// Makes this the thread's running loop until the guard is dropped.
    pub(crate) fn run(self: &Rc<Scheduler>) -> Run {
        Run { previous: Run::replace(Some(Rc::clone(self))) }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn add_callback(&self, callback: Callback) {
        if self.closed.get() {
            return;
        }
        // What other threads have added by now comes first.
        self.collect_mail();
        self.callbacks.borrow_mut().push_back(callback);
        self.wake();
    }

    pub(crate) fn add_timer(&self, due: Instant, callback: Callback) -> TimerKey {
        let mut timers = self.timers.borrow_mut();
        let key = timers.insert(due, callback);
        let is_first = timers.first() == Some(due);
        self.shared.gauges.timers_pending.set(timers.len());
        drop(timers);
        if self.closed.get() {
            self.remove_timer(key);
        } else if is_first {
            self.wake();
        }
        key
    }

    pub(crate) fn remove_timer(&self, key: TimerKey) -> Option<Callback> {
        let mut timers = self.timers.borrow_mut();
        let callback = timers.remove(key)?;
        self.shared.gauges.timers_pending.set(timers.len());
        Some(callback)
    }

    fn collect_mail(&self) {
        let mail = self.shared.take_mail();
        if !mail.is_empty() {
            self.callbacks.borrow_mut().extend(mail.into_iter().map(Callback::from));
        }
    }

    fn wake(&self) {
        if !self.awake.replace(true)
            && let Some(driver) = &*self.driver.borrow()
        {
            driver.wake_by_ref();
        }
    }

    fn set_driver(&self, waker: &Waker) {
        let mut driver = self.driver.borrow_mut();
        if !driver.as_ref().is_some_and(|driver| driver.will_wake(waker)) {
            self.shared.set_driver(waker);
            *driver = Some(waker.clone());
        }
    }

    /// Runs the callbacks that wait now; those they add wait for the next turn.
    fn run_callbacks(&self) {
        let waiting = self.callbacks.borrow().len();
        for _ in 0..waiting {
            let Some(callback) = self.callbacks.borrow_mut().pop_front() else {
                return;
            };
            self.shared.gauges.callbacks_run.add(1);
            callback.call(&self.shared.gauges);
        }
    }

    fn run_timers(&self, due: Vec<TimerKey>) {
        if due.is_empty() {
            return;
        }
        let now = Instant::now();
        for key in due {
            // An earlier one may have cancelled it.
            let Some(callback) = self.remove_timer(key) else {
                continue;
            };
            self.shared.gauges.record_lag(now - key.due);
            self.shared.gauges.timers_fired.add(1);
            callback.call(&self.shared.gauges);
        }
    }

    fn close(&self) {
        self.closed.set(true);
        self.shared.close();
        // A thread that is ending has forgotten them already.
        let _ = ATTACHED.try_with(|attached| {
            let own = std::ptr::from_ref(self);
            attached.borrow_mut().retain(|(_, scheduler)| Rc::as_ptr(scheduler) != own);
        });
        // What waits may hold anything, and its destructor may come back here.
        let callbacks = self.callbacks.take();
        let timers = self.timers.take();
        self.shared.gauges.timers_pending.set(0);
        drop((callbacks, timers));
    }
}

/// See [`Scheduler::run`].
pub(crate) struct Run {
    previous: Option<Rc<Scheduler>>,
}

impl Run {
    /// Gives back what was the running loop. A thread that is ending has none.
    fn replace(scheduler: Option<Rc<Scheduler>>) -> Option<Rc<Scheduler>> {
        RUNNING.try_with(|running| running.replace(scheduler)).ok().flatten()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(Run::replace(self.previous.take()));
    }
}

/// The task, one in each loop, that runs callbacks and timers.
pub(crate) struct Driver {
    scheduler: Rc<Scheduler>,
    /// Wakes the driver for the first timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Driver {
    pub(crate) fn new(scheduler: &Rc<Scheduler>) -> Driver {
        Driver { scheduler: Rc::clone(scheduler), alarm: None }
    }

    /// Sees to it that the driver is polled when the first timer is due.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.scheduler.timers.borrow().first() else {
            return Poll::Pending;
        };
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(cx)
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let scheduler = Rc::clone(&self.scheduler);
        scheduler.set_driver(cx.waker());
        scheduler.awake.set(true);
        scheduler.shared.gauges.progress();
        scheduler.collect_mail();
        // Chosen first: what the callbacks set now waits for the next turn.
        let due = scheduler.timers.borrow().due(Instant::now());
        scheduler.run_callbacks();
        scheduler.run_timers(due);
        let again = self.poll_alarm(cx).is_ready() || !scheduler.callbacks.borrow().is_empty();
        scheduler.awake.set(again);
        if again {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.scheduler.close();
    }
}
