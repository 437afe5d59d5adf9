//! What was asked for lately.

use crate::Resolved;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Names that are remembered at the same time.
const MAX_NAMES: usize = 1024;

/// Addresses of names, and names without any, for as long as that is so. A name is asked for once at
/// a time: who wants it meanwhile waits for the same answer.
#[derive(Debug)]
pub(super) struct Names {
    /// How long an answer holds that does not say so itself.
    ttl: Duration,
    /// How long it holds that there is no answer.
    negative_ttl: Duration,
    names: Mutex<HashMap<Box<str>, Arc<OnceCell<Known>>>>,
}

/// What is known of a name.
#[derive(Debug)]
struct Known {
    outcome: Result<Vec<IpAddr>, Arc<io::Error>>,
    until: Instant,
}

impl Names {
    pub(super) fn new(ttl: Duration, negative_ttl: Duration) -> Names {
        Names { ttl, negative_ttl, names: Mutex::default() }
    }

    /// The addresses of a name that was asked for lately.
    pub(super) fn known(&self, name: &str) -> Option<Vec<IpAddr>> {
        let names = self.lock();
        let known = names.get(name)?.get()?;
        if known.is_over(Instant::now()) {
            return None;
        }
        known.outcome.as_ref().ok().filter(|addrs| !addrs.is_empty()).cloned()
    }

    /// The addresses of a name: those that are known, or those that `ask` finds, which is called if
    /// nobody else is asking. When the one who asks is cancelled, the next in line asks.
    pub(super) async fn get_or_ask<F>(
        &self,
        name: &str,
        ask: impl FnOnce() -> F,
    ) -> io::Result<Vec<IpAddr>>
    where
        F: Future<Output = io::Result<Resolved>>,
    {
        let cell = self.cell(name);
        let known = cell.get_or_init(|| async { self.known_by(ask().await) }).await;
        match &known.outcome {
            Ok(addrs) => Ok(addrs.clone()),
            Err(error) => Err(io::Error::new(error.kind(), Unresolved(Arc::clone(error)))),
        }
    }

    pub(super) fn forget(&self, name: &str) {
        let mut names = self.lock();
        // Whoever is asking right now goes on.
        if names.get(name).is_some_and(|cell| cell.initialized()) {
            names.remove(name);
        }
    }

    fn known_by(&self, answer: io::Result<Resolved>) -> Known {
        let (outcome, ttl) = match answer {
            Ok(Resolved { addrs, .. }) if addrs.is_empty() => (Ok(addrs), self.negative_ttl),
            Ok(Resolved { addrs, ttl }) => (Ok(addrs), ttl.unwrap_or(self.ttl)),
            Err(error) => (Err(Arc::new(error)), self.negative_ttl),
        };
        let now = Instant::now();
        Known { outcome, until: now.checked_add(ttl).unwrap_or(now) }
    }

    /// Where the answer for a name is, or will be.
    fn cell(&self, name: &str) -> Arc<OnceCell<Known>> {
        let now = Instant::now();
        let is_over = |cell: &Arc<OnceCell<Known>>| cell.get().is_some_and(|it| it.is_over(now));
        let mut names = self.lock();
        if let Some(cell) = names.get(name)
            && !is_over(cell)
        {
            return Arc::clone(cell);
        }
        if names.len() >= MAX_NAMES {
            names.retain(|_, cell| !is_over(cell));
        }
        if names.len() >= MAX_NAMES
            && let Some(any) = names.keys().next().cloned()
        {
            names.remove(&any);
        }
        let cell = Arc::default();
        names.insert(name.into(), Arc::clone(&cell));
        cell
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<OnceCell<Known>>>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }
}

/// One failure, told to everybody who waited for the name.
#[derive(Debug)]
struct Unresolved(Arc<io::Error>);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unresolved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAMES, Names};
    use crate::Resolved;
    use std::io;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn names() -> Names {
        Names::new(Duration::from_secs(30), Duration::from_secs(1))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_for_its_time() {
        let (names, asked) = (names(), AtomicUsize::new(0));
        let ask = |ttl: Option<Duration>| {
            asked.fetch_add(1, Relaxed);
            let mut found = Resolved::new([HERE]);
            found.ttl = ttl;
            async { Ok(found) }
        };
        assert_eq!(names.get_or_ask("a", || ask(None)).await.unwrap(), [HERE]);
        advance(Duration::from_secs(29)).await;
        assert_eq!(names.known("a").unwrap(), [HERE]);
        advance(Duration::from_secs(1)).await;
        assert_eq!(names.known("a"), None);
        names.get_or_ask("a", || ask(Some(Duration::from_secs(5)))).await.unwrap();
        advance(Duration::from_secs(5)).await;
        assert_eq!(names.known("a"), None);
        assert_eq!(asked.load(Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn that_there_is_no_answer_holds_for_a_shorter_time() {
        let names = names();
        let none = || async { Err(io::Error::new(io::ErrorKind::NotFound, "no such name")) };
        names.get_or_ask("a", none).await.unwrap_err();
        let error = names.get_or_ask("a", || async { unreachable!() }).await.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (io::ErrorKind::NotFound, "no such name"));
        advance(Duration::from_secs(1)).await;
        names.get_or_ask("a", || async { Ok(Resolved::new([HERE])) }).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_asked_for_once_at_a_time() {
        let (names, asked) = (names(), AtomicUsize::new(0));
        let slow = || async {
            asked.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(10)).await;
            Ok(Resolved::new([HERE]))
        };
        let all = (0..100).map(|_| names.get_or_ask("a", slow));
        for found in futures_util::future::join_all(all).await {
            assert_eq!(found.unwrap(), [HERE]);
        }
        assert_eq!(asked.load(Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_one_who_asks_leaves_the_next_one_asks() {
        let names = names();
        let never = || std::future::pending::<io::Result<Resolved>>();
        let first = tokio::time::timeout(Duration::from_secs(1), names.get_or_ask("a", never));
        let second = names.get_or_ask("a", || async { Ok(Resolved::new([HERE])) });
        let (first, second) = tokio::join!(first, second);
        assert!(first.is_err());
        assert_eq!(second.unwrap(), [HERE]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_names_are_remembered_than_there_is_room_for() {
        let names = names();
        for number in 0..MAX_NAMES + 100 {
            let name = number.to_string();
            names.get_or_ask(&name, || async { Ok(Resolved::new([HERE])) }).await.unwrap();
            assert!(names.lock().len() <= MAX_NAMES);
        }
        names.forget("1");
        assert_eq!(names.known("1"), None);
    }
}
