//! What a task, a callback and a timer cost, and what the labels of the
//! watchdog add to a task of tokio's.
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use landspout_loop::{EventLoop, LabelId, add_callback, call_later, enter, label, spawn};
use std::hint::black_box;
use std::time::Duration;
use tokio::task::{spawn_local, yield_now};

/// Pieces of work in one measured run.
const BATCH: usize = 1000;

fn scheduling(criterion: &mut Criterion) {
    let event_loop = EventLoop::new().expect("a loop can be made");
    criterion.bench_function("spawn and join 1000 tasks", |bencher| {
        bencher.iter(|| {
            event_loop.run_until(async {
                let tasks: Vec<_> = (0..BATCH).map(|n| spawn(async move { n })).collect();
                for task in tasks {
                    black_box(task.await).expect("the task ends");
                }
            });
        });
    });
    criterion.bench_function("spawn and join 1000 tasks of tokio's", |bencher| {
        bencher.iter(|| {
            event_loop.run_until(async {
                let tasks: Vec<_> = (0..BATCH).map(|n| spawn_local(async move { n })).collect();
                for task in tasks {
                    black_box(task.await).expect("the task ends");
                }
            });
        });
    });
    criterion.bench_function("run 1000 callbacks", |bencher| {
        bencher.iter(|| {
            event_loop.run_until(async {
                for n in 0..BATCH {
                    add_callback(move || _ = black_box(n));
                }
                yield_now().await;
            });
        });
    });
    criterion.bench_function("set and cancel 1000 timers", |bencher| {
        bencher.iter(|| {
            event_loop.run_until(async {
                for n in 0..BATCH {
                    call_later(Duration::from_secs(60), move || _ = black_box(n)).cancel();
                }
            });
        });
    });
    criterion.bench_function("enter and leave 1000 labels", |bencher| {
        let handler = label("handler");
        bencher.iter(|| {
            event_loop.run_until(async {
                for _ in 0..BATCH {
                    let previous: LabelId = enter(black_box(handler));
                    enter(previous);
                }
            });
        });
    });
}

criterion_group!(benches, scheduling);
criterion_main!(benches);
