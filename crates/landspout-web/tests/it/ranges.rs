//! Parts of a file.

use crate::{header, run, text};
use http::Method;
use http::header::{IF_RANGE, RANGE};
use landspout_web::static_files::Embedded;
use landspout_web::{Handler, Request};

const FILES: &[(&str, &[u8])] = &[("digits", b"0123456789"), ("empty", b"")];

#[track_caller]
fn check(path: &str, range: &str, expected: (u16, &str, &str)) {
    run(async {
        let request = Request::get(path).with_header(RANGE, range.parse().unwrap());
        let response = Embedded::new(FILES).handle(request).await;
        let content_range = header(&response, "content-range").to_owned();
        let length = header(&response, "content-length").to_owned();
        let (status, body) = text(response).await;
        assert_eq!((status, &*content_range), (expected.0, expected.1), "{range}");
        if status != 416 {
            assert_eq!((&*body, length), (expected.2, expected.2.len().to_string()), "{range}");
        }
    });
}

#[test]
fn one_range_is_sent_alone() {
    check("/digits", "bytes=0-0", (206, "bytes 0-0/10", "0"));
    check("/digits", "bytes=2-4", (206, "bytes 2-4/10", "234"));
    check("/digits", "bytes=7-", (206, "bytes 7-9/10", "789"));
    check("/digits", "bytes=0-", (206, "bytes 0-9/10", "0123456789"));
    check("/digits", "bytes=-3", (206, "bytes 7-9/10", "789"));
    check("/digits", "bytes=-99", (206, "bytes 0-9/10", "0123456789"));
    check("/digits", "bytes=8-99999999999999999999999", (206, "bytes 8-9/10", "89"));
    check("/digits", "BYTES= 9-9 ", (206, "bytes 9-9/10", "9"));
}

#[test]
fn a_range_that_is_not_there_is_416() {
    check("/digits", "bytes=10-", (416, "bytes */10", ""));
    check("/digits", "bytes=99999999999999999999999-", (416, "bytes */10", ""));
    check("/digits", "bytes=-0", (416, "bytes */10", ""));
    check("/empty", "bytes=0-", (416, "bytes */0", ""));
}

#[test]
fn what_is_malformed_or_of_several_parts_is_ignored() {
    const WHOLE: (u16, &str, &str) = (200, "", "0123456789");
    for range in [
        "bytes=4-2",
        "bytes=",
        "bytes=-",
        "bytes",
        "bytes=a-b",
        "bytes=1-2x",
        "bytes=+1-2",
        "bytes=--1",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=0x1-2",
        "bytes=1 -2",
    ] {
        check("/digits", range, WHOLE);
    }
    check("/empty", "bytes=-5", (200, "", ""));
    check("/digits", &format!("bytes={}", "0-1,".repeat(10_000)), WHOLE);
}

#[test]
fn if_range_asks_for_the_whole_when_the_file_is_another() {
    run(async {
        let files = Embedded::new(FILES);
        let etag = files.handle(Request::get("/digits")).await.headers()["etag"].clone();
        let weak = format!("W/{}", etag.to_str().unwrap()).parse().unwrap();
        for (condition, expected) in [
            (etag, 206),
            (weak, 200),
            ("\"other\"".parse().unwrap(), 200),
            ("Wed, 01 Jan 2025 00:00:00 GMT".parse().unwrap(), 200),
        ] {
            let request = Request::get("/digits")
                .with_header(RANGE, "bytes=1-2".parse().unwrap())
                .with_header(IF_RANGE, condition);
            assert_eq!(files.handle(request).await.status(), expected);
        }
    });
}

#[test]
fn head_and_repeated_fields_have_no_range() {
    run(async {
        let files = Embedded::new(FILES);
        let mut request = Request::get("/digits").with_header(RANGE, "bytes=1-2".parse().unwrap());
        request.headers_mut().append(RANGE, "bytes=3-4".parse().unwrap());
        assert_eq!(files.handle(request).await.status(), 200);
        let request = Request::get("/digits").with_header(RANGE, "bytes=1-2".parse().unwrap());
        assert_eq!(files.handle(request.with_method(Method::HEAD)).await.status(), 200);
    });
}
