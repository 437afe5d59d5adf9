//! Looks up a path for each of 309 routes of GitHub's REST API, against bare matchit.
//!
//! Time: `cargo bench -p landspout-router`. Instructions, which do not depend on what
//! else the machine does, are the difference between many rounds and none of
//! `valgrind --tool=callgrind <the bench binary> count <router|matchit> <rounds>`.

use criterion::Criterion;
use landspout_router::Router;
use std::hint::black_box;

/// The paths of <https://docs.github.com/en/rest>, one a line.
const ROUTES: &str = include_str!("routes.txt");

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["count", who, rounds] => count(who, rounds.parse().expect("rounds is a number")),
        _ => compare(),
    }
}

fn compare() {
    let mut criterion = Criterion::default().configure_from_args();
    let (ours, bare, paths) = (ours(), bare(), paths());
    let mut group = criterion.benchmark_group("github");
    group.bench_function("router", |bencher| {
        bencher.iter(|| paths.iter().for_each(|path| look_up(&ours, path)));
    });
    group.bench_function("matchit", |bencher| {
        bencher.iter(|| paths.iter().for_each(|path| look_up_bare(&bare, path)));
    });
    group.finish();
    criterion.final_summary();
}

fn count(who: &str, rounds: usize) {
    let (ours, bare, paths) = (ours(), bare(), paths());
    for path in (0..rounds).flat_map(|_| &paths) {
        match who {
            "router" => look_up(&ours, path),
            _ => look_up_bare(&bare, path),
        }
    }
}

#[inline(never)]
fn look_up(router: &Router<usize>, path: &str) {
    let _ = black_box(router.at(black_box(path)).expect("every path has a route"));
}

#[inline(never)]
fn look_up_bare(router: &matchit::Router<usize>, path: &str) {
    let _ = black_box(router.at(black_box(path)).expect("every path has a route"));
}

fn ours() -> Router<usize> {
    let mut router = Router::new();
    for (place, route) in ROUTES.lines().enumerate() {
        router.insert(route, place).expect("the routes are distinct");
    }
    router
}

fn bare() -> matchit::Router<usize> {
    let mut router = matchit::Router::new();
    for (place, route) in ROUTES.lines().enumerate() {
        router.insert(route, place).expect("the routes are distinct");
    }
    router
}

/// A path for each route: `{*rest}` is `src/main.rs`, any other parameter its name.
fn paths() -> Vec<String> {
    let path = |route: &str| {
        let segments = route.split('/').map(|segment| match segment {
            _ if segment.starts_with("{*") => "src/main.rs",
            _ => segment.trim_matches(['{', '}']),
        });
        segments.collect::<Vec<_>>().join("/")
    };
    ROUTES.lines().map(path).collect()
}
