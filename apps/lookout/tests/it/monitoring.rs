//! The monitor checks what is on the board, for as long as it runs.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use landspout::event_loop::Task;
use lookout::board::Board;
use lookout::monitor::Monitor;
use lookout::state::State;

use crate::site::{Site, file};
use crate::target::{Act, Target, answer, closed_port, say};

fn start(site: &Site, limit: usize) -> Task<()> {
    let monitor = Monitor::new(Rc::clone(&site.board), Arc::clone(&site.store), limit);
    landspout::event_loop::spawn(async move { monitor.run().await })
}

/// Waits until something holds of the board, which it does within seconds.
async fn until(board: &Board, holds: impl Fn(&Board) -> bool) {
    let mut changes = board.changes();
    let wait = async {
        while !holds(board) {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it holds within a minute");
}

fn all_checked(board: &Board) -> bool {
    board.entries().iter().all(lookout::board::Entry::checked)
}

#[tokio::test(flavor = "local")]
async fn every_endpoint_is_checked_and_is_in_the_history() {
    let target = Target::that(say(answer("200 OK", ""))).await;
    let site = Site::of(&file(30, &target.url("")));
    let monitoring = start(&site, 100);
    until(&site.board, all_checked).await;
    monitoring.abort();
    assert!(site.board.entries().iter().all(|entry| entry.state() == State::Up));
    site.store.flush().unwrap();
    let reader = site.store.reader().unwrap();
    assert_eq!(reader.recent_of_all(9).unwrap().len(), 30);
    let day = lookout::store::Window::last(86_400_000, lookout::clock::wall() + 1);
    assert_eq!(reader.states("e7", day).unwrap().last().unwrap().state, State::Up);
}

#[tokio::test(flavor = "local")]
async fn an_endpoint_in_doubt_is_checked_again_soon() {
    let target = Target::that(say(answer("500 Oh", ""))).await;
    let hourly =
        file(1, &target.url("")) + "every = \"1h\"\nretry = \"100ms\"\ndown = \"3 of 3\"\n";
    let site = Site::of(&hourly);
    let _monitoring = start(&site, 9);
    until(&site.board, |board| board.entries()[0].state() == State::Down).await;
    assert_eq!(target.requests().len(), 3, "without retries it would take hours");
    assert!(!site.board.entries()[0].in_doubt());
}

#[tokio::test(flavor = "local")]
async fn no_more_checks_run_than_may_and_none_is_forgotten() {
    let late = Act::SayAfter(Duration::from_millis(20), answer("200 OK", "").into());
    let target = Target::that(late).await;
    let site = Site::of(&file(12, &target.url("")));
    let _monitoring = start(&site, 2);
    until(&site.board, all_checked).await;
    assert!(target.most_open() <= 2, "{} at once", target.most_open());
}

#[tokio::test(flavor = "local")]
async fn failures_of_one_do_not_keep_others_from_being_checked() {
    let target = Target::that(say(answer("200 OK", ""))).await;
    let mute = Target::that(Act::SayAndHold(Vec::new())).await;
    let often = "every = \"1s\"\nretry = \"1s\"\n";
    let endpoint =
        |id: &str, url: &str| format!("[[endpoint]]\nid = \"{id}\"\nurl = \"{url}\"\n{often}");
    let hasty = "timeout = \"200ms\"\n".to_owned();
    let site = Site::of(
        &[
            endpoint("closed", &format!("http://{}/", closed_port().await)),
            endpoint("mute", &mute.url("/")) + &hasty,
            endpoint("well", &target.url("/")),
        ]
        .concat(),
    );
    let _monitoring = start(&site, 9);
    until(&site.board, |board| board.entries().iter().all(|entry| entry.recent.len() >= 3)).await;
    let states = [0, 1, 2].map(|place| site.board.entries()[place].state());
    assert_eq!(states, [State::Down, State::Down, State::Up]);
}

#[tokio::test(flavor = "local")]
async fn what_runs_when_the_monitor_is_stopped_is_still_taken() {
    let late = Act::SayAfter(Duration::from_millis(50), answer("200 OK", "").into());
    let target = Target::that(late).await;
    let site = Site::of(&file(1, &target.url("")));
    let monitor = Monitor::new(Rc::clone(&site.board), Arc::clone(&site.store), 9);
    let monitoring = landspout::event_loop::spawn({
        let monitor = monitor.clone();
        async move { monitor.run().await }
    });
    while target.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    monitoring.abort();
    until(&site.board, all_checked).await;
    assert_eq!(monitor.running(), 0);
}
