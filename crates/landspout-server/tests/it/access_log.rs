//! What is told of each request.

use crate::log::Log;
use crate::wire::serve;
use landspout_server::{Body, Error, Request, Response};

async fn handler(request: Request) -> Result<Response, Error> {
    match request.uri().path() {
        "/failing" => Err(std::io::Error::other("disk on fire").into()),
        "/panic" => panic!("on purpose"),
        "/broken" => {
            let (mut writer, body) = Body::writer();
            tokio::task::spawn_local(async move { writer.write("abc").await });
            Ok(Response::new(body))
        }
        _ => Ok(Response::text("twelve bytes")),
    }
}

#[track_caller]
fn assert_has(line: &str, fields: &[&str]) {
    for field in fields {
        assert!(line.contains(field), "no {field:?} in {line:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn each_answer_is_a_line() {
    let (log, _guard) = Log::install();
    let site = serve(handler);
    for line in ["GET /a?secret=1", "HEAD /b"] {
        site.exchange(format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
    }
    let lines = log.lines("landspout::access");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let get = ["INFO", "method=GET", "path=\"/a\"", "status=200", "bytes=12", "aborted=false"];
    assert_has(&lines[0], &get);
    assert_has(&lines[0], &["client=127.0.0.1 ", "ms="]);
    assert!(!lines[0].contains("secret"));
    assert_has(&lines[1], &["method=HEAD", "status=200", "bytes=0", "aborted=false"]);
}

#[tokio::test(flavor = "local")]
async fn a_failure_is_logged_once_with_its_cause() {
    let (log, _guard) = Log::install();
    let site = serve(handler);
    for (path, cause) in [("/failing", "disk on fire"), ("/panic", "panicked: on purpose")] {
        site.exchange(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        let lines = log.lines(cause);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_has(&lines[0], &["ERROR", "landspout::server", "a request failed"]);
    }
    let lines = log.lines("landspout::access");
    assert_has(&lines[0], &["path=\"/failing\"", "status=500"]);
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_broke_off_says_so() {
    let (log, _guard) = Log::install();
    serve(handler).exchange("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_has(&log.lines("landspout::access")[0], &["status=200", "bytes=3", "aborted=true"]);
    let lines = log.lines("an answer broke off");
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[tokio::test(flavor = "local")]
async fn what_is_no_http_is_told_in_a_line() {
    let (log, _guard) = Log::install();
    serve(handler).exchange("no http\r\n\r\n").await;
    let lines = log.lines("refused: ");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_has(&lines[0], &["INFO", "cause=bad_request", "remote=127.0.0.1:"]);
    assert!(log.lines("landspout::access").is_empty());
}
