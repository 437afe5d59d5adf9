//! The pages and the API, over an application in memory.

use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH};
use landspout::client::ClientResponse;
use landspout::{Client, Handler, Request};
use lookout::outcome::{Outcome, Verdict};
use lookout::state::State;
use lookout::store::Uptime;
use serde_json::Value;

use crate::site::{Site, outcome};

const HOSTILE: &str = r#"<script>alert("1")</script>&'"#;

/// Asks as a browser does.
async fn ask(client: &Client, path: &str) -> (u16, String) {
    let mut response = client.get(path).header(ACCEPT, "text/html,*/*;q=0.8").send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn page(site: &Site, path: &str) -> String {
    let (status, page) = ask(&site.client(), path).await;
    assert_eq!(status, 200, "{page}");
    page
}

fn header(response: &ClientResponse, name: http::HeaderName) -> &str {
    response.header(name).unwrap_or_default()
}

#[tokio::test(flavor = "local")]
async fn the_dashboard_says_it_all_without_scripts() {
    let site = Site::with(2);
    site.take(0, Verdict::Ok);
    site.take(1, Verdict::Failed);
    site.take(1, Verdict::Failed);
    site.take(1, Verdict::Failed);
    let uptime = Uptime { up: 900, slow: 0, down: 100, window: 1_000 };
    site.board.take_uptimes(&[("e1".to_owned(), uptime)].into());
    let page = page(&site, "/").await;
    for said in [
        "<title>1 down · Test</title>",
        "1 of 2 is down",
        r#"data-state="up""#,
        r#"data-state="down""#,
        "<b>90.00 %</b>",
        "<b>12 ms</b>",
        "status: wanted 2xx, got 503",
        r#"<a class="name" href="/endpoint/e1">"#,
        "the last 3 checks: 0 good, 0 slow, 3 failed",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    assert!(page.find("row-e1") < page.find("row-e0"), "the worst come first");
}

#[tokio::test(flavor = "local")]
async fn a_page_holds_nothing_that_its_own_policy_forbids() {
    let site = Site::with(1);
    site.take(0, Verdict::Failed);
    for path in ["/", "/endpoint/e0", "/endpoint/nobody", "/nowhere", "/events", "/assets/none"] {
        let response = site.client().get(path).header(ACCEPT, "text/html").send().await.unwrap();
        let policy = header(&response, CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
    }
    for path in ["/", "/endpoint/e0", "/endpoint/nobody"] {
        let (_, page) = ask(&site.client(), path).await;
        for forbidden in [" style=", "<style", " onclick=", "<script>", "src=\"http", "url(http"] {
            assert!(!page.contains(forbidden), "{forbidden} in {path}");
        }
    }
}

#[tokio::test(flavor = "local")]
async fn names_and_errors_are_text_wherever_they_are_shown() {
    let site = Site::of(&format!(
        "[[endpoint]]\nid = \"e0\"\nurl = \"http://127.0.0.1:1/\"\nname = '''{HOSTILE}'''\ngroup = '''{HOSTILE}'''"
    ));
    let failed = || Outcome { reason: Some(HOSTILE.repeat(9)), ..outcome(Verdict::Failed) };
    site.board.take(0, failed(), Vec::new());
    for path in ["/", "/endpoint/e0"] {
        let page = page(&site, path).await;
        assert!(!page.contains("<script>alert"), "{path}: {page}");
        assert!(page.contains("&lt;script&gt;alert("), "{path}: {page}");
    }
    let mut events = site.application().handle(Request::get("/events")).await.into_body();
    let mut told = String::new();
    while !told.contains("event: row") {
        let piece = events.chunk().await.unwrap().unwrap();
        told.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert!(!told.contains("<script>alert") && told.contains("&lt;script&gt;alert("), "{told}");

    let (status, page) = ask(&site.client(), "/endpoint/%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(status, 404);
    assert!(!page.contains("<script>alert"), "{page}");
}

#[tokio::test(flavor = "local")]
async fn the_page_of_an_endpoint_is_there_before_and_after_its_first_check() {
    let site = Site::with(1);
    let before = page(&site, "/endpoint/e0").await;
    assert!(before.contains("e0 is unknown") && before.contains("Not checked yet."), "{before}");
    assert!(before.contains("No checks in this time."), "{before}");

    let checked = outcome(Verdict::Ok);
    let flip = site.board.take(0, checked.clone(), Vec::new());
    let record = lookout::store::Record { endpoint: "e0".into(), outcome: checked, flip };
    site.store.record(record).unwrap();
    site.store.flush().unwrap();
    for window in ["1h", "24h", "7d", "30d"] {
        let page = page(&site, &format!("/endpoint/e0?window={window}")).await;
        let chosen = format!("<a href=\"?window={window}\" aria-current=\"page\">");
        assert!(page.contains(&chosen), "{page}");
        for said in ["e0 is up", "1 checks, 0 failed", "nobody looked", "<table class=\"phases\">"]
        {
            assert!(page.contains(said), "{said} in {page}");
        }
    }
}

#[tokio::test(flavor = "local")]
async fn what_is_not_there_is_told_in_a_page_like_the_others() {
    let client = Site::with(1).client();
    for (path, status, message) in [
        ("/endpoint/nobody", 404, "there is no endpoint &quot;nobody&quot;"),
        ("/nowhere", 404, "Not Found"),
        ("/endpoint/e0?window=2h", 400, "`window` must be one of 1h, 24h, 7d, 30d"),
    ] {
        let (got, page) = ask(&client, path).await;
        assert_eq!(got, status, "{path}");
        assert!(page.contains(message) && page.contains("All endpoints"), "{path}: {page}");
    }
    let mut response =
        client.get("/nowhere").header(ACCEPT, "application/json").send().await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], 404);
}

#[tokio::test(flavor = "local")]
async fn assets_are_sent_once_and_then_only_confirmed() {
    let client = Site::with(1).client();
    for name in ["lookout.css", "lookout.js", "icon-up.svg", "icon-down.svg"] {
        let path = format!("/assets/{name}");
        let first = client.get(&path).send().await.unwrap();
        assert_eq!(first.status(), 200, "{name}");
        let etag = header(&first, ETAG);
        let again = client.get(&path).header(IF_NONE_MATCH, etag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{name}");
    }
}

#[tokio::test(flavor = "local")]
async fn the_api_tells_the_same_in_numbers() {
    let site = Site::with(2);
    site.take(0, Verdict::Ok);
    site.board.take_uptimes(
        &[("e0".to_owned(), Uptime { up: 500, slow: 250, down: 250, window: 2_000 })].into(),
    );
    let api: Value =
        site.client().get("/api/endpoints").send().await.unwrap().json().await.unwrap();
    let known = &api[0];
    for (key, value) in [
        ("id", "\"e0\""),
        ("name", "\"e0\""),
        ("group", "null"),
        ("url", "\"http://127.0.0.1:1/0\""),
        ("state", "\"up\""),
        ("status", "503"),
        ("latency", "12.0"),
        ("phases", "{\"total\":12.0}"),
        ("p50", "12.0"),
        ("p95", "12.0"),
        ("uptime", "0.75"),
        ("observed", "0.5"),
        ("error", "null"),
    ] {
        assert_eq!(known[key].to_string(), value, "{key}");
    }
    assert!(known["since"].is_string() && known["since"] == known["checked"]);
    assert_eq!(known.as_object().unwrap().len(), 15);
    assert_eq!(api[1]["state"], "unknown");
    assert!(["since", "checked", "latency", "p50"].iter().all(|key| api[1][key].is_null()));
}

#[tokio::test(flavor = "local")]
async fn keys_in_a_query_are_shown_nowhere() {
    let site = Site::of(
        "[[endpoint]]\nid = \"e0\"\nurl = \"http://127.0.0.1:1/health?key=wonderland\"\n\
         headers = { authorization = \"wonderland\" }\nbody = \"wonderland\"",
    );
    let endpoint = std::rc::Rc::clone(&site.board.entries()[0].endpoint);
    let client = lookout::check::client(1);
    let (checked, findings) = lookout::check::check(&client, &endpoint).await;
    site.board.take(0, checked, findings);
    for path in ["/", "/endpoint/e0", "/api/endpoints", "/metrics"] {
        assert!(!page(&site, path).await.contains("wonderland"), "{path}");
    }
    assert!(page(&site, "/endpoint/e0").await.contains("health?…"));
}

#[tokio::test(flavor = "local")]
async fn health_is_good_as_long_as_the_history_is_written() {
    let site = Site::with(1);
    let client = site.client();
    let (status, body) = ask(&client, "/health").await;
    assert_eq!((status, body.as_str()), (200, r#"{"status":"ok"}"#));

    let meddler = rusqlite::Connection::open(site.store.path()).unwrap();
    let trap =
        "CREATE TRIGGER trap BEFORE INSERT ON checks BEGIN SELECT raise(ABORT, 'trapped'); END";
    meddler.execute_batch(trap).unwrap();
    let record = || lookout::store::Record {
        endpoint: "e0".into(),
        outcome: outcome(Verdict::Ok),
        flip: None,
    };
    site.store.record(record()).unwrap();
    site.store.flush().unwrap_err();
    let (status, body) = ask(&client, "/health").await;
    assert_eq!(status, 503);
    assert!(body.contains("the history cannot be written") && !body.contains("trapped"), "{body}");

    meddler.execute_batch("DROP TRIGGER trap").unwrap();
    site.store.flush().unwrap();
    assert_eq!(ask(&client, "/health").await.0, 200);
}

#[tokio::test(flavor = "local")]
async fn an_endpoint_that_flaps_has_a_page_of_bounded_length() {
    let site = Site::with(1);
    let now = lookout::clock::wall();
    for number in 0..250 {
        let state = if number % 2 == 0 { State::Up } else { State::Down };
        crate::history::flip(&site.store, "e0", now - 600_000 + number * 1_000, state);
    }
    site.store.flush().unwrap();
    let page = page(&site, "/endpoint/e0?window=1h").await;
    assert_eq!(page.matches("</td></tr>").count(), 100);
    assert!(page.contains("151 earlier ones are not shown."), "{page}");
}
