//! Responses and what they carry.

use landspout_handler::{Body, Request, Response, Route};
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

#[test]
fn a_response_tells_its_route() {
    let route = Arc::new(Route { pattern: "/story/{id}".into(), names: ["id".into()].into() });
    let mut response = Response::empty(200);
    response.set_route(Arc::clone(&route));
    assert_eq!(response.route(), Some(&route));
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
