//! Many futures at once, within one task.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;
use std::fmt;
use std::iter::Enumerate;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs many futures at once: [`all`](Multi::all) collects what each gives,
/// [`try_all`](Multi::try_all) stops at the first error, and
/// [`limit`](Multi::limit) bounds how many run together.
///
/// The futures are polled within the calling task; none is spawned. They are
/// taken from the iterator when there is room for them, so that it may make
/// them as it goes.
///
/// ```
/// use landspout_loop::{EventLoop, multi};
///
/// async fn square(n: u32) -> u32 { n * n }
///
/// let squares = EventLoop::new()?.run_until(multi((1..=4).map(square)).limit(2).all());
/// assert_eq!(squares, [1, 4, 9, 16]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn multi<I>(futures: I) -> Multi<I::IntoIter>
where
    I: IntoIterator,
    I::Item: Future,
{
    Multi { futures: futures.into_iter(), limit: usize::MAX }
}

/// Futures to be run at once, from [`multi`].
#[derive(Clone, Debug)]
#[must_use = "nothing runs until `all` or `try_all` is awaited"]
pub struct Multi<I> {
    futures: I,
    limit: usize,
}

impl<I> Multi<I>
where
    I: Iterator,
    I::Item: Future,
{
    /// Runs at most `limit` futures together; 0 means 1. Without this, all.
    pub fn limit(self, limit: usize) -> Multi<I> {
        Multi { limit: limit.max(1), ..self }
    }

    /// Waits for all futures. The outputs are in the order of the futures.
    ///
    /// # Cancel safety
    /// Dropping it drops the futures and the outputs so far.
    pub async fn all(self) -> Vec<<I::Item as Future>::Output> {
        let mut outputs = Vec::new();
        let mut running = Running::new(self.futures, self.limit);
        while let Some((index, output)) = running.next().await {
            put(&mut outputs, index, output);
        }
        in_order(outputs)
    }

    /// Waits for all futures, or for the first that fails: the others are
    /// dropped then, which cancels them, and those not begun never are. The
    /// outputs are in the order of the futures.
    ///
    /// # Errors
    /// The error of the future that failed first.
    ///
    /// # Cancel safety
    /// Dropping it drops the futures and the outputs so far.
    pub async fn try_all<T, E>(self) -> Result<Vec<T>, E>
    where
        I::Item: Future<Output = Result<T, E>>,
    {
        let mut outputs = Vec::new();
        let mut running = Running::new(self.futures, self.limit);
        while let Some((index, output)) = running.next().await {
            put(&mut outputs, index, output?);
        }
        Ok(in_order(outputs))
    }
}

/// Gives the outputs of many futures as they complete.
///
/// ```
/// use std::time::Duration;
/// use landspout_loop::{EventLoop, as_completed, sleep};
///
/// let order = EventLoop::new()?.run_until(async {
///     let mut completed = as_completed([30, 1].map(|ms| sleep(Duration::from_millis(ms))));
///     let mut order = Vec::new();
///     while let Some((index, ())) = completed.next().await {
///         order.push(index);
///     }
///     order
/// });
/// assert_eq!(order, [1, 0]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn as_completed<I>(futures: I) -> AsCompleted<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    let futures = futures.into_iter().enumerate();
    AsCompleted { running: futures.map(|(index, future)| Indexed { index, future }).collect() }
}

/// Futures that run at once, from [`as_completed`].
#[must_use = "nothing runs until `next` is awaited"]
pub struct AsCompleted<F> {
    running: FuturesUnordered<Indexed<F>>,
}

impl<F: Future> AsCompleted<F> {
    /// Waits for the next future to complete, and gives its place in the
    /// order they came in, and its output. None when all have completed.
    ///
    /// # Cancel safety
    /// Cancel safe: no output is lost.
    pub async fn next(&mut self) -> Option<(usize, F::Output)> {
        self.running.next().await
    }

    /// How many futures have not completed.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// All futures have completed.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

impl<F> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("len", &self.running.len()).finish()
    }
}

/// The futures that run, and those that wait for room.
struct Running<I: Iterator> {
    waiting: Enumerate<I>,
    running: FuturesUnordered<Indexed<I::Item>>,
    limit: usize,
}

impl<I> Running<I>
where
    I: Iterator,
    I::Item: Future,
{
    fn new(futures: I, limit: usize) -> Running<I> {
        Running { waiting: futures.enumerate(), running: FuturesUnordered::new(), limit }
    }

    async fn next(&mut self) -> Option<(usize, <I::Item as Future>::Output)> {
        while self.running.len() < self.limit
            && let Some((index, future)) = self.waiting.next()
        {
            self.running.push(Indexed { index, future });
        }
        self.running.next().await
    }
}

fn put<T>(outputs: &mut Vec<Option<T>>, index: usize, output: T) {
    if outputs.len() <= index {
        outputs.resize_with(index + 1, || None);
    }
    outputs[index] = Some(output);
}

fn in_order<T>(outputs: Vec<Option<T>>) -> Vec<T> {
    outputs.into_iter().map(|output| output.expect("each future has completed")).collect()
}

pin_project! {
    /// A future that remembers its place.
    struct Indexed<F> {
        index: usize,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Indexed<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map(|output| (*this.index, output))
    }
}
