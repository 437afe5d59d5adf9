//! Many futures at once.

use crate::paused;
use landspout_loop::{Instant, as_completed, multi, sleep};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

async fn after(seconds: u64) -> u64 {
    sleep(Duration::from_secs(seconds)).await;
    seconds
}

#[test]
fn all_runs_at_once_and_keeps_the_order() {
    paused(async {
        let began = Instant::now();
        assert_eq!(multi([3, 1, 2].map(after)).all().await, [3, 1, 2]);
        assert_eq!(began.elapsed().as_secs(), 3);
        assert_eq!(multi([0; 0].map(after)).all().await, [0; 0]);
    });
}

#[test]
fn limit_bounds_how_many_run_together() {
    for (limit, expected) in [(0, 1), (1, 1), (3, 3), (100, 10)] {
        let (running, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let futures = (0..10).map(|_| {
            let (running, most) = (Rc::clone(&running), Rc::clone(&most));
            async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                after(1).await;
                running.set(running.get() - 1);
            }
        });
        paused(multi(futures).limit(limit).all());
        assert_eq!(most.get(), expected, "limit {limit}");
    }
}

#[test]
fn try_all_gives_all_outputs_when_none_fails() {
    let futures = [2, 1].map(|seconds| async move { Ok::<_, ()>(after(seconds).await) });
    assert_eq!(paused(multi(futures).try_all()), Ok(vec![2, 1]));
}

#[test]
fn try_all_fails_fast_and_drops_the_others() {
    paused(async {
        let (began, held) = (Instant::now(), Rc::new(()));
        let futures = [3, 1, 2].map(|seconds| {
            let held = Rc::clone(&held);
            async move {
                let seconds = after(seconds).await;
                drop(held);
                if seconds == 3 { Ok(()) } else { Err(seconds) }
            }
        });
        assert_eq!(multi(futures).try_all().await, Err(1));
        assert_eq!(began.elapsed().as_secs(), 1);
        assert_eq!(Rc::strong_count(&held), 1);
    });
}

#[test]
fn as_completed_gives_outputs_with_their_places_as_they_come() {
    paused(async {
        let mut completed = as_completed([3, 1, 2].map(after));
        let mut seen = Vec::new();
        assert_eq!(completed.len(), 3);
        while let Some(output) = completed.next().await {
            seen.push(output);
        }
        assert_eq!(seen, [(1, 1), (2, 2), (0, 3)]);
        assert!(completed.is_empty());
    });
}

#[test]
fn multi_may_stand_in_multi() {
    paused(async {
        let began = Instant::now();
        let rows = (1..=3).map(|row| multi((1..=3).map(move |n| after(row * n))).limit(2).all());
        assert_eq!(multi(rows).all().await, [[1, 2, 3], [2, 4, 6], [3, 6, 9]]);
        // The third begins when the first has ended.
        assert_eq!(began.elapsed().as_secs(), 12);
    });
}
