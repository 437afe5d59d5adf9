//! What a client already has is not sent again.

use crate::{empty_directory, header, run};
use http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use landspout_web::static_files::Directory;
use landspout_web::{Handler, Request};
use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

/// A second and a half after the first of January 2025: `Last-Modified` cannot say the half.
const MODIFIED: Duration = Duration::from_millis(1_735_689_601_500);
const THEN: &str = "Wed, 01 Jan 2025 00:00:01 GMT";
const BEFORE: &str = "Wed, 01 Jan 2025 00:00:00 GMT";
const AFTER: &str = "Wed, 01 Jan 2025 00:00:02 GMT";

fn directory(name: &str) -> Directory {
    let root = empty_directory(name);
    fs::write(root.join("a"), "text").unwrap();
    File::options()
        .write(true)
        .open(root.join("a"))
        .unwrap()
        .set_modified(UNIX_EPOCH + MODIFIED)
        .unwrap();
    Directory::new(root)
}

#[test]
fn preconditions_are_evaluated_in_the_order_of_the_rfc() {
    let directory = directory("conditions");
    run(async {
        let response = directory.handle(Request::get("/a")).await;
        assert_eq!(header(&response, "last-modified"), THEN);
        let etag = header(&response, "etag").to_owned();
        let (weak, listed) = (format!("W/{etag}"), format!("\"a,b\", {etag}"));
        let check = async |conditions: &[(HeaderName, &str)], expected: u16| {
            let mut request = Request::get("/a");
            for (name, value) in conditions {
                request.headers_mut().append(name, value.parse().unwrap());
            }
            let response = directory.handle(request).await;
            assert_eq!(response.status(), expected, "{conditions:?}");
            if expected == 304 {
                assert_eq!(header(&response, "etag"), etag);
                assert_eq!(header(&response, "content-length"), "");
                assert_eq!(response.body().len(), Some(0));
            }
        };
        check(&[(IF_NONE_MATCH, &etag)], 304).await;
        check(&[(IF_NONE_MATCH, &weak)], 304).await;
        check(&[(IF_NONE_MATCH, &listed)], 304).await;
        check(&[(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, &etag)], 304).await;
        check(&[(IF_NONE_MATCH, "*")], 304).await;
        check(&[(IF_NONE_MATCH, "\"other\"")], 200).await;
        check(&[(IF_NONE_MATCH, "\"unfinished")], 200).await;
        check(&[(IF_NONE_MATCH, ",,\",")], 200).await;
        check(&[(IF_NONE_MATCH, "")], 200).await;
        check(&[(IF_MODIFIED_SINCE, THEN)], 304).await;
        check(&[(IF_MODIFIED_SINCE, AFTER)], 304).await;
        check(&[(IF_MODIFIED_SINCE, BEFORE)], 200).await;
        check(&[(IF_MODIFIED_SINCE, "yesterday")], 200).await;
        check(&[(IF_MODIFIED_SINCE, THEN), (IF_MODIFIED_SINCE, THEN)], 200).await;
        check(&[(IF_NONE_MATCH, "\"other\""), (IF_MODIFIED_SINCE, AFTER)], 200).await;
        check(&[(IF_MATCH, &etag)], 200).await;
        check(&[(IF_MATCH, "*")], 200).await;
        check(&[(IF_MATCH, &weak)], 412).await;
        check(&[(IF_MATCH, "\"other\"")], 412).await;
        check(&[(IF_UNMODIFIED_SINCE, BEFORE)], 412).await;
        check(&[(IF_UNMODIFIED_SINCE, THEN)], 200).await;
        check(&[(IF_MATCH, &etag), (IF_UNMODIFIED_SINCE, BEFORE)], 200).await;
        check(&[(IF_MATCH, "\"other\""), (IF_NONE_MATCH, &etag)], 412).await;
        check(&[(IF_NONE_MATCH, &etag), (RANGE, "bytes=0-0")], 304).await;
        check(&[(IF_RANGE, THEN), (RANGE, "bytes=0-0")], 206).await;
        check(&[(IF_RANGE, BEFORE), (RANGE, "bytes=0-0")], 200).await;
    });
}

#[test]
fn the_tag_changes_with_the_file() {
    let directory = directory("tags");
    run(async {
        let before = directory.handle(Request::get("/a")).await.headers()["etag"].clone();
        let file = empty_directory("tags").join("a");
        fs::write(file, "next").unwrap();
        let after = directory.handle(Request::get("/a")).await.headers()["etag"].clone();
        assert_ne!(before, after);
    });
}

#[test]
fn a_list_of_a_million_tags_is_read_once() {
    // Were the rest of the list searched for each tag, this would take minutes.
    let directory = directory("many-tags");
    run(async {
        for list in ["a,", "\"\",", ",", "W/", "\""].map(|tag| tag.repeat(1 << 20)) {
            let request = Request::get("/a").with_header(IF_NONE_MATCH, list.parse().unwrap());
            assert_eq!(directory.handle(request).await.status(), 200);
        }
    });
}
