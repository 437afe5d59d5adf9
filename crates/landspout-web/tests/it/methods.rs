//! From a method to a handler.

use crate::{header, run, text};
use http::Method;
use landspout_web::{
    Application, Error, Handler, Request, RequestHandler, Resource, Response, any, get, post,
};

async fn read(request: Request) -> String {
    format!("read by {}", request.method())
}

async fn write(_: Request) -> &'static str {
    "written"
}

fn request(method: &str) -> Request {
    Request::get("/").with_method(Method::from_bytes(method.as_bytes()).unwrap())
}

#[track_caller]
fn check(handler: impl Handler + 'static, method: &str, expected: (u16, &str, &str)) {
    let application = Application::new().route("/", handler);
    application.check().unwrap();
    run(async {
        let response = application.handle(request(method)).await;
        let allow = header(&response, "allow").to_owned();
        let (status, body) = text(response).await;
        assert_eq!((status, &*allow, &*body), expected);
    });
}

#[test]
fn a_bare_handler_sees_every_method() {
    check(read, "GET", (200, "", "read by GET"));
    check(read, "PROPFIND", (200, "", "read by PROPFIND"));
    check(read, "OPTIONS", (200, "", "read by OPTIONS"));
}

#[test]
fn each_method_has_its_handler() {
    check(get(read).post(write), "GET", (200, "", "read by GET"));
    check(get(read).post(write), "POST", (200, "", "written"));
    check(
        post(write).on(request("PURGE").method().clone(), read),
        "PURGE",
        (200, "", "read by PURGE"),
    );
}

#[test]
fn head_falls_back_to_get() {
    check(get(read), "HEAD", (200, "", "read by HEAD"));
    check(get(read).head(write), "HEAD", (200, "", "written"));
}

#[test]
fn other_methods_are_405_with_allow() {
    let refused = "Method Not Allowed\n";
    check(get(read).post(write), "PUT", (405, "GET, HEAD, OPTIONS, POST", refused));
    check(post(write), "HEAD", (405, "OPTIONS, POST", refused));
}

#[test]
fn options_are_answered_with_allow() {
    check(get(read).delete(write), "OPTIONS", (204, "DELETE, GET, HEAD, OPTIONS", ""));
    check(get(read).options(write), "OPTIONS", (200, "", "written"));
}

#[test]
fn any_takes_what_is_left() {
    check(get(write).any(read), "GET", (200, "", "written"));
    check(get(write).any(read), "PUT", (200, "", "read by PUT"));
    check(any(read), "OPTIONS", (200, "", "read by OPTIONS"));
}

#[test]
fn a_resource_knows_its_own_methods() {
    struct Story;
    impl RequestHandler for Story {
        async fn get(&self, _: Request) -> Result<Response, Error> {
            Ok(Response::text("a story"))
        }
    }
    check(Resource(Story), "HEAD", (200, "", "a story"));
    check(Resource(Story), "POST", (405, "GET, HEAD, OPTIONS", "Method Not Allowed\n"));
}
