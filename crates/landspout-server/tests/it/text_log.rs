//! The access log as lines of text, ids and spans.

use crate::log::Log;
use crate::wire::{Site, serve_with};
use http::HeaderName;
use landspout_server::{LogConfig, LogFormat, ProxyConfig, Request, ServerConfig};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder of this test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("landspout-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn echo_id(request: Request) -> String {
    tracing::info!("handling");
    request.id().unwrap_or("none").to_owned()
}

fn site(path: &Path, format: LogFormat) -> Site {
    let log = LogConfig::default().format(format).path(path);
    serve_with(ServerConfig::default().log(log), echo_id)
}

/// The lines that a request with these header lines leaves.
async fn lines(name: &str, format: LogFormat, request: &str) -> String {
    let folder = Folder::new(name);
    let site = site(&folder.file("log"), format);
    site.exchange(request).await;
    site.stop().await;
    std::fs::read_to_string(folder.file("log")).unwrap()
}

#[tokio::test(flavor = "local")]
async fn the_common_format_is_one_line() {
    let request = "GET /a?secret=1 HTTP/1.0\r\nReferer: r\r\n\r\n";
    let text = lines("common", LogFormat::Common, request).await;
    let (before, after) = text.split_once(" [").unwrap();
    let (time, after) = after.split_once("] ").unwrap();
    assert_eq!(before, "127.0.0.1 - -");
    assert_eq!(after, "\"GET /a HTTP/1.0\" 200 4\n");
    assert_eq!(time.len(), "10/Oct/2000:13:55:36 +0000".len(), "{time}");
    assert!(time.ends_with(" +0000"), "{time}");
}

#[tokio::test(flavor = "local")]
async fn nothing_that_a_client_sends_ends_the_line_or_its_quotes() {
    let request = "GET /\"x HTTP/1.0\r\nUser-Agent: a\" \\\tb\u{e9}\r\nReferer: r\r\n\r\n";
    let text = lines("combined", LogFormat::Combined, request).await;
    assert!(
        text.ends_with("\"GET /\\x22x HTTP/1.0\" 200 4 \"r\" \"a\\x22 \\x5C\\x09b\\xC3\\xA9\"\n"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
}

#[tokio::test(flavor = "local")]
async fn json_has_the_fields_as_values() {
    let request = "GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: \"\\\t\r\nConnection: close\r\n\r\n";
    let text = lines("json", LogFormat::Json, request).await;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["client"], "127.0.0.1");
    assert_eq!(value["user_agent"], "\"\\");
    assert_eq!((&value["status"], &value["bytes"]), (&200.into(), &4.into()));
    assert_eq!((&value["path"], &value["aborted"]), (&"/a".into(), &false.into()));
    assert!(value["time"].as_str().unwrap().ends_with('Z'));
    assert!(value["ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(value["route"], Value::Null);
    assert_eq!(value.get("id"), None);
}

#[tokio::test(flavor = "local")]
async fn a_renamed_file_is_left_when_the_log_is_opened_again() {
    let folder = Folder::new("rotate");
    let site = site(&folder.file("log"), LogFormat::Common);
    let ask = async |path: &str| site.exchange(format!("GET {path} HTTP/1.0\r\n\r\n")).await;
    ask("/first").await;
    while std::fs::metadata(folder.file("log")).unwrap().len() == 0 {
        tokio::task::yield_now().await;
    }
    std::fs::rename(folder.file("log"), folder.file("old")).unwrap();
    site.handle.reopen_log();
    ask("/second").await;
    site.stop().await;
    let read = |name| std::fs::read_to_string(folder.file(name)).unwrap();
    assert!(read("old").contains("/first") && !read("old").contains("/second"));
    assert!(read("log").contains("/second") && !read("log").contains("/first"));
}

#[tokio::test(flavor = "local")]
async fn lines_that_wait_for_too_long_are_thrown_away_and_that_is_told() {
    let (log, _guard) = Log::install();
    let folder = Folder::new("full");
    let config = LogConfig::default().format(LogFormat::Common).path(folder.file("log"));
    let site = serve_with(ServerConfig::default().log(config.buffer_bytes(10)), echo_id);
    site.exchange("GET / HTTP/1.0\r\n\r\n").await;
    site.stop().await;
    assert_eq!(std::fs::read_to_string(folder.file("log")).unwrap(), "");
    assert_eq!(log.lines("the access log is too slow").len(), 1);
}

#[tokio::test(flavor = "local")]
async fn a_file_that_cannot_be_written_is_an_error_at_the_start() {
    let config = LogConfig::default().format(LogFormat::Json).path("/no/such/folder/log");
    let config = ServerConfig::default().log(config);
    let error = landspout_server::Server::bind_with("127.0.0.1:0", config).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot write the access log /no/such/folder/log: "), "{text}");
}

fn with_id(trusted: bool) -> ServerConfig {
    let log = LogConfig::default().request_id(HeaderName::from_static("x-request-id"));
    let mut proxies = ProxyConfig::default();
    if trusted {
        proxies = proxies.trust("127.0.0.1".parse().unwrap());
    }
    ServerConfig::default().log(log.span(true)).proxies(proxies)
}

/// What the handler knows the request by, and the header of the answer.
async fn id_of(config: ServerConfig, line: &str) -> String {
    let site = serve_with(config, echo_id);
    let mut client = site.connect().await;
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n")).await;
    let answer = client.answer().await;
    assert_eq!(answer.header("x-request-id"), Some(&*answer.body));
    answer.body
}

#[tokio::test(flavor = "local")]
async fn an_id_is_taken_from_a_trusted_proxy_and_made_otherwise() {
    assert_eq!(id_of(with_id(true), "X-Request-Id: a-1\r\n").await, "a-1");
    for (trusted, line) in [
        (false, "X-Request-Id: a-1\r\n"),
        (true, "X-Request-Id: a b\r\n"),
        (true, "X-Request-Id: \r\n"),
        (true, ""),
    ] {
        let id = id_of(with_id(trusted), line).await;
        assert_eq!(id.len(), 32, "{line:?}: {id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[tokio::test(flavor = "local")]
async fn what_a_handler_logs_stands_in_the_span_of_its_request() {
    let (log, _guard) = Log::install();
    id_of(with_id(true), "X-Request-Id: a-1\r\n").await;
    let lines = log.lines("handling");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("request{method=GET path=\"/\" id=\"a-1\"}"), "{lines:?}");
    // The access line has the id, too.
    assert!(log.lines("landspout::access")[0].contains("id=\"a-1\""));
}
