//! Files that are part of the program.

use crate::{fetch, header, run};
use landspout_web::static_files::Embedded;
use landspout_web::{Application, Handler, Request};

const FILES: &[(&str, &[u8])] = &[
    ("index.html", b"home"),
    ("docs/index.html", b"docs"),
    ("docs/a b.txt", b"a"),
    ("same", b"a"),
];

#[test]
fn they_are_found_by_their_names() {
    let application = Application::new().mount("/", Embedded::new(FILES));
    run(async {
        for (path, expected) in [("/", "home"), ("/docs/", "docs"), ("/docs/a%20b.txt", "a")] {
            assert_eq!(fetch(&application, path).await, (200, expected.to_owned()));
        }
        let response = application.handle(Request::get("/docs")).await;
        assert_eq!(header(&response, "location"), "./docs/");
        for path in ["/index", "/docs/../index.html", "/docs%2Findex.html", "/index.html/"] {
            assert_eq!(fetch(&application, path).await.0, 404, "{path}");
        }
    });
}

#[test]
fn the_tag_is_made_of_the_content() {
    run(async {
        let tag = async |path: &str| {
            // Each time a new one: the tag is the same from one start to the next.
            let response = Embedded::new(FILES).handle(Request::get(path)).await;
            header(&response, "etag").to_owned()
        };
        assert_eq!(tag("/same").await, tag("/docs/a%20b.txt").await);
        assert_ne!(tag("/").await, tag("/docs/").await);
        // 64-bit FNV-1a of `a`, as published with the algorithm.
        assert_eq!(tag("/same").await, "\"af63dc4c8601ec8c-1\"");
    });
}
