//! Errors: what the client sees, and what only the log does.

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use landspout_handler::{BodyError, Error, IntoResponse, contain_panic};
use std::io;

#[tokio::test]
async fn a_cause_never_reaches_the_client() {
    let error = Error::new(503, "try later").caused_by(io::Error::other("password=hunter2"));
    let response = error.into_response();
    assert_eq!(response.status(), 503);
    assert_eq!(format!("{:?}", response.error().unwrap()), "503 try later: password=hunter2");
    assert_eq!(response.into_body().text().await.unwrap(), "try later");
}

#[test]
fn an_error_keeps_its_headers() {
    let error = Error::new(405, "").with_header(ALLOW, HeaderValue::from_static("GET"));
    assert_eq!(error.message(), "Method Not Allowed");
    assert_eq!(error.into_response().headers()["allow"], "GET");
}

#[test]
fn a_content_type_of_the_error_is_the_only_one() {
    let error = Error::new(400, "{}")
        .with_header(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    let response = error.into_response();
    let values = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(values(CONTENT_TYPE), ["application/problem+json"]);
    assert_eq!(values(WWW_AUTHENTICATE), ["Basic", "Bearer"]);
}

#[test]
fn a_message_cannot_forge_a_line_of_the_log() {
    let cause = io::Error::other("tab\there");
    let error = Error::new(400, "no `a\r\nroot logged in`, \"b\" or \u{e9}").caused_by(cause);
    let line = r#"400 no `a\r\nroot logged in`, "b" or é: tab\there"#;
    assert_eq!(format!("{error:?}"), line);
}

#[test]
fn a_body_error_is_the_answer_that_http_has_for_it() {
    let status = |error: BodyError| Error::from(error).status().as_u16();
    assert_eq!(status(BodyError::too_large(9)), 413);
    assert_eq!(status(BodyError::timeout()), 408);
    assert_eq!(status(BodyError::incomplete("x")), 400);
    assert_eq!(status(BodyError::malformed("x")), 400);
    assert_eq!(status(BodyError::other("x")), 500);
}

#[test]
fn debug_tells_the_whole_chain() {
    let error = Error::from(BodyError::malformed(io::Error::other("bad chunk")));
    assert_eq!(format!("{error:?}"), "400 the body is malformed: bad chunk");
}

#[tokio::test]
async fn a_panic_is_contained_with_its_message() {
    let panic = contain_panic(async { panic!("number {}", 7) }).await.unwrap_err();
    assert_eq!(panic.message(), "number 7");
    let panic = contain_panic(async { std::panic::panic_any(7) }).await.unwrap_err();
    assert_eq!(panic.message(), "a value that is not text");
    assert_eq!(contain_panic(async { 7 }).await, Ok(7));
}
