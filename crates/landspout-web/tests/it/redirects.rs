//! Sending clients elsewhere, and nowhere else.

use crate::{header, run};
use landspout_web::{Application, Handler, Request, redirect};

fn application() -> Application {
    Application::new()
        .route("/fixed", redirect(302, "/target"))
        .route("/query", redirect(302, "/target?own=1"))
        .route("/old/{id}/{extra}", redirect(301, "/new/{id}"))
        .route("/rest/{*rest}", redirect(308, "/{*rest}"))
        .route("/away", redirect(307, "https://other.example/{id}?x#y"))
        .route("/missing", redirect(307, "/new/{id}"))
}

#[track_caller]
fn check(uri: &str, expected: (u16, &str)) {
    let application = application();
    application.check().unwrap();
    run(async {
        let response = application.handle(Request::get(uri)).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), expected, "{uri}");
    });
}

#[test]
fn parameters_are_repeated_escaped() {
    check("/old/7/x", (301, "/new/7"));
    check("/old/a%2Fb%0D%0A/x", (301, "/new/a%2Fb%0D%0A"));
    check("/old/%E2%82%AC/x", (301, "/new/%E2%82%AC"));
    check("/rest/a/b", (308, "/a/b"));
}

#[test]
fn a_query_is_kept_unless_the_target_has_its_own() {
    check("/fixed?a=b", (302, "/target?a=b"));
    check("/query?a=b", (302, "/target?own=1"));
}

#[test]
fn a_url_is_taken_as_it_is() {
    check("/away?a=b", (307, "https://other.example/{id}?x#y"));
}

#[test]
fn no_request_chooses_another_host() {
    for rest in ["/evil.example", "%2Fevil.example", "%2F%2Fevil.example", "%5Cevil.example"] {
        let application = application();
        run(async {
            let response = application.handle(Request::get(&format!("/rest/{rest}"))).await;
            let location = header(&response, "location");
            let stays = location.is_empty() || location.starts_with("/%");
            assert!(stays, "{rest} leads to {location}");
        });
    }
}

#[test]
fn a_parameter_that_the_route_does_not_have_is_404() {
    check("/missing", (404, ""));
}

#[test]
fn what_a_client_left_unescaped_is_escaped() {
    let uri = http::Uri::try_from("/fixed?caf\u{e9}".as_bytes()).unwrap();
    run(async {
        let response = application().handle(Request::new(http::Method::GET, uri)).await;
        assert_eq!(header(&response, "location"), "/target?caf%C3%A9");
    });
}
