//! The live wire brings each viewer what it has not seen, and nothing twice.

use std::rc::Rc;
use std::time::Duration;

use http::HeaderValue;
use landspout::handler::Connection;
use landspout::{Body, Handler, Request};
use lookout::outcome::Verdict;
use tokio::time::Instant;

use crate::site::Site;

/// An event as a browser sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    id: String,
    name: String,
    data: String,
}

struct Viewer {
    body: Body,
    connection: Connection,
    text: String,
}

impl Viewer {
    async fn of(site: &Site, last: Option<&str>) -> Viewer {
        let connection = Connection::new(None, None, false);
        let mut request = Request::get("/events");
        request.set_connection(connection.clone());
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", HeaderValue::from_str(last).unwrap());
        }
        let response = site.application().handle(request).await;
        assert_eq!(response.status(), 200);
        Viewer { body: response.into_body(), connection, text: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Seen> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.collect::<Vec<_>>().join("\n")
                };
                let seen =
                    Seen { id: field("id: "), name: field("event: "), data: field("data: ") };
                self.text = rest.to_owned();
                if !seen.name.is_empty() {
                    return Some(seen);
                }
            }
            let piece = self.body.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The ids of the endpoints in the rows that come before the next event of another name.
    async fn rows(&mut self) -> Vec<String> {
        let mut ids = Vec::new();
        loop {
            let seen = self.next().await.unwrap();
            if seen.name != "row" {
                return ids;
            }
            ids.push(id_in(&seen));
        }
    }
}

fn id_in(row: &Seen) -> String {
    let news: serde_json::Value = serde_json::from_str(&row.data).unwrap();
    news["id"].as_str().unwrap().to_owned()
}

fn version(site: &Site) -> String {
    site.board.version_name(site.board.version())
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn who_has_seen_nothing_is_sent_everything() {
    let site = Site::with(3);
    let mut viewer = Viewer::of(&site, None).await;
    assert_eq!(viewer.rows().await, ["e0", "e1", "e2"]);
    site.take(1, Verdict::Ok);
    let mut later = Viewer::of(&site, None).await;
    assert_eq!(later.rows().await, ["e0", "e2", "e1"], "in the order of their changes");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn who_comes_back_is_sent_what_was_missed_and_nothing_twice() {
    let site = Site::with(3);
    let seen = version(&site);
    site.take(2, Verdict::Ok);
    site.take(0, Verdict::Failed);
    let mut viewer = Viewer::of(&site, Some(&seen)).await;
    let row = viewer.next().await.unwrap();
    assert_eq!((row.name.as_str(), id_in(&row).as_str()), ("row", "e2"));
    assert!(row.data.contains(r#"data-state=\"up\""#), "{}", row.data);
    assert_eq!(viewer.rows().await, ["e0"]);
    assert_eq!(viewer.next().await.unwrap().name, "beat");

    // The connection breaks after the first row: the second one is still to come.
    let mut again = Viewer::of(&site, Some(&row.id)).await;
    assert_eq!(again.rows().await, ["e0"]);
    let mut seen_all = Viewer::of(&site, Some(&version(&site))).await;
    assert_eq!(seen_all.rows().await, [""; 0]);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_page_of_another_run_is_sent_everything() {
    let site = Site::with(2);
    for other in ["1-99", "99", "", "x-y"] {
        assert_eq!(Viewer::of(&site, Some(other)).await.rows().await, ["e0", "e1"], "{other}");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn the_sentence_comes_first_and_then_only_when_it_is_another() {
    let site = Site::with(1);
    let mut viewer = Viewer::of(&site, Some(&version(&site))).await;
    let sentence = |seen: Seen| {
        let summary: serde_json::Value = serde_json::from_str(&seen.data).unwrap();
        summary["sentence"].as_str().unwrap().to_owned()
    };
    assert_eq!(sentence(viewer.next().await.unwrap()), "First round under way, 0 of 1 checked");
    site.take(0, Verdict::Ok);
    assert_eq!(viewer.next().await.unwrap().name, "row");
    assert_eq!(sentence(viewer.next().await.unwrap()), "It is up");
    site.take(0, Verdict::Ok);
    assert_eq!(viewer.next().await.unwrap().name, "row");
    assert_eq!(viewer.next().await.unwrap().name, "beat");
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_silence_is_broken_every_ten_seconds() {
    let site = Site::with(1);
    let mut viewer = Viewer::of(&site, Some(&version(&site))).await;
    assert_eq!(viewer.next().await.unwrap().name, "summary");
    let begun = Instant::now();
    for beats in 1..=3 {
        assert_eq!(viewer.next().await.unwrap().name, "beat");
        assert_eq!(begun.elapsed().as_secs(), 10 * beats);
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn what_changes_within_a_second_is_told_together() {
    let site = Site::with(2);
    let mut viewer = Viewer::of(&site, Some(&version(&site))).await;
    assert_eq!(viewer.next().await.unwrap().name, "summary");
    let begun = Instant::now();
    for _ in 0..5 {
        site.take(0, Verdict::Ok);
        site.take(1, Verdict::Ok);
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert_eq!(viewer.rows().await, ["e0", "e1"], "each once, as it is by then");
    assert!((900..=1_100).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_slow_viewer_may_leave_at_any_event_and_misses_nothing() {
    let site = Site::with(60);
    let mut viewer = Viewer::of(&site, None).await;
    // More rows than wait for a slow viewer; meanwhile the last one changes.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    site.take(59, Verdict::Ok);
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(viewer.next().await.unwrap());
    }
    let mut again = Viewer::of(&site, Some(&ids[29].id)).await;
    let rest = again.rows().await;
    assert_eq!(rest.len(), 30, "{rest:?}");

    // Who stays sees the change as well, in its turn.
    assert_eq!(viewer.rows().await.len(), 30);
    assert_eq!(viewer.rows().await, ["e59"]);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn it_ends_when_the_server_stops() {
    let site = Site::with(1);
    let mut viewer = Viewer::of(&site, None).await;
    assert_eq!(viewer.next().await.unwrap().name, "row");
    viewer.connection.mark_draining();
    while let Some(seen) = viewer.next().await {
        assert_eq!(seen.name, "summary");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn nothing_is_kept_of_a_viewer_who_has_left() {
    let site = Site::with(1);
    let before = Rc::strong_count(&site.board);
    for leaves_by_closing in [true, false] {
        let viewer = Viewer::of(&site, None).await;
        assert!(Rc::strong_count(&site.board) > before);
        if leaves_by_closing {
            viewer.connection.mark_closed();
        }
        drop(viewer);
        // The viewer's task sees it at the next thing it does, a beat at the latest.
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(Rc::strong_count(&site.board), before);
    }
}
