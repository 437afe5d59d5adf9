//! The order in which streams are woken when many are woken at once.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tokio::runtime::Handle;

/// How many streams are woken before others get their turn: at some 5 µs for one write, they keep a
/// loop for a sixth of a millisecond. tokio looks for what has arrived after every 61 tasks.
const WAVE: usize = 32;

/// The waker of a stream, which takes its turn.
///
/// An event for a thousand streams would otherwise put a thousand tasks in front of all else that
/// the loop has to do, the next event for the same streams included, so that each event would be a
/// write of its own. Here all but the first [`WAVE`] wait, and whatever is sent to a stream that
/// waits goes out together.
pub(crate) struct InTurn(Waker);

impl InTurn {
    /// A waker that wakes `task` when its turn comes.
    pub(crate) fn waker(task: &Waker) -> Waker {
        Waker::from(Arc::new(InTurn(task.clone())))
    }
}

impl Wake for InTurn {
    fn wake(self: Arc<Self>) {
        let turns = TURNS.try_with(Arc::clone);
        match turns {
            Ok(turns) => Turns::add(&turns, self),
            // The thread is ending.
            Err(_) => self.0.wake_by_ref(),
        }
    }
}

thread_local! {
    /// Those who were woken from this thread.
    static TURNS: Arc<Turns> = Arc::default();
}

/// Who waits to be woken. Each stream is in it once at most.
#[derive(Default)]
struct Turns(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// Streams woken at once, since the last ones that had to wait.
    woken: usize,
    waiting: VecDeque<Arc<InTurn>>,
    /// Whether there is a task that wakes those who wait.
    is_attended: bool,
}

impl Turns {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes at once while few are woken; then it is the turn of others first.
    fn add(turns: &Arc<Turns>, stream: Arc<InTurn>) {
        let mut queue = turns.queue();
        if queue.is_attended {
            return queue.waiting.push_back(stream);
        }
        if queue.woken < WAVE {
            queue.woken += 1;
            drop(queue);
            return stream.0.wake_by_ref();
        }
        // Without a runtime there is no such task.
        let Ok(runtime) = Handle::try_current() else {
            drop(queue);
            return stream.0.wake_by_ref();
        };
        queue.waiting.push_back(stream);
        queue.is_attended = true;
        drop(queue);
        // A runtime that is ending drops it at once, which wakes all.
        runtime.spawn(Waves(Arc::clone(turns)));
    }

    /// Who is next. After the last one, streams are woken at once again.
    fn next(&self) -> Option<Arc<InTurn>> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            *queue = Queue::default();
        }
        next
    }
}

/// The task that wakes those who wait, some each time that it is polled itself.
struct Waves(Arc<Turns>);

impl Future for Waves {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..WAVE {
            match self.0.next() {
                Some(stream) => stream.0.wake_by_ref(),
                None => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Waves {
    /// A runtime that ends leaves nobody behind who waits.
    fn drop(&mut self) {
        while let Some(stream) = self.0.next() {
            stream.0.wake_by_ref();
        }
    }
}
