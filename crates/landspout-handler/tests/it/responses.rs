//! Responses and what they carry.

use http::header::AGE;
use landspout_handler::{Body, Error, Request, Response, Route, Upgrade};
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::sync::Arc;

#[test]
fn a_redirect_needs_a_redirection_and_a_location() {
    let response = Response::redirect(303, "/stories?page=2").unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (303, &"/stories?page=2".parse().unwrap())
    );
    for status in [200, 300, 304, 400] {
        assert_eq!(Response::redirect(status, "/").unwrap_err().status(), 500, "{status}");
    }
    assert_eq!(Response::redirect(302, "/\r\nset-cookie: a=b").unwrap_err().status(), 500);
}

/// Its JSON holds the JSON of a response that is made meanwhile.
struct Nested;

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = Response::json(&["inner"]).unwrap().into_body().into_whole().unwrap();
        (1, std::str::from_utf8(&inner).unwrap()).serialize(serializer)
    }
}

#[test]
fn values_as_json_do_not_meet() {
    #[track_caller]
    fn check(value: impl Serialize, expected: &str) {
        let body = Response::json(&value).unwrap().into_body().into_whole();
        assert_eq!(body.unwrap(), expected);
    }
    check(["one", "two"], r#"["one","two"]"#);
    check([3], "[3]");
    check(Nested, r#"[1,"[\"inner\"]"]"#);
    let text = "x".repeat(100_000);
    check(&text, &format!("\"{text}\""));
    let halfway = (1, HashMap::from([([1], 2)]));
    assert_eq!(Response::json(&halfway).unwrap_err().status(), 500);
    check(4, "4");
}

#[test]
fn a_response_tells_its_route() {
    let route = Arc::new(Route { pattern: "/story/{id}".into(), names: ["id".into()].into() });
    let mut response = Response::empty(200);
    response.set_route(Arc::clone(&route));
    assert_eq!(response.route(), Some(&route));
}

#[test]
fn a_new_response_has_nothing_of_earlier_messages() {
    let mut response = Response::from(Error::new(404, "gone").with_header(AGE, 1.into()));
    response.set_route(Arc::new(Route { pattern: "/".into(), names: [].into() }));
    response.set_upgrade(Upgrade::channel().1);
    response.extensions_mut().insert("a value");
    response.body_mut().set_limit(1);
    let (head, body) = response.into_parts();
    assert_eq!((head.status.as_u16(), &head.headers[AGE], body.len()), (404, &1.into(), Some(4)));
    drop(Request::get("/").with_header(AGE, 2.into()));

    let mut response = Response::new("here");
    assert_eq!(response.status(), 200);
    assert!(response.headers().is_empty() && response.extensions().is_empty());
    assert!(response.error().is_none() && response.route().is_none());
    assert!(response.take_upgrade().is_none());
    assert_eq!(response.into_body().into_whole().unwrap(), "here");
}

#[test]
fn messages_go_to_and_from_the_http_crate() {
    let message = http::Request::put("/a?b").header("x-a", "1").body(Body::from("body")).unwrap();
    let back = Request::from(message).into_http();
    assert_eq!(
        (back.method().as_str(), back.uri().query(), &back.headers()["x-a"]),
        ("PUT", Some("b"), &"1".parse().unwrap())
    );
    let message = http::Response::builder().status(404).body(Body::from("body")).unwrap();
    let back = Response::from(message).into_http();
    assert_eq!((back.status().as_u16(), back.body().len()), (404, Some(4)));
}

#[test]
fn the_host_is_the_uris_or_the_headers() {
    use http::header::HOST;
    let request = Request::get("/").with_header(HOST, "a.example:80".parse().unwrap());
    assert_eq!(request.host(), Some("a.example:80"));
    let request = Request::get("http://b.example/").with_header(HOST, "a.example".parse().unwrap());
    assert_eq!(request.host(), Some("b.example"));
    let request = Request::get("http://a.example@b.example:80/");
    assert_eq!(request.host(), Some("b.example:80"), "a user is no host");
    assert_eq!(Request::get("/").host(), None);
}
