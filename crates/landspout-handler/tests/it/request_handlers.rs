//! Resources: a method for each verb.

use http::header::{AUTHORIZATION, SERVER};
use http::{HeaderMap, HeaderValue};
use landspout_handler::{
    Error, Handler, Request, RequestHandler, Resource, Response, contain_panic,
};
use std::cell::Cell;
use std::rc::Rc;

fn request(method: &str) -> Request {
    Request::get("/").with_method(method.parse().unwrap())
}

async fn status_and_allow<T: RequestHandler>(resource: T, method: &str) -> (u16, String) {
    let response = Resource(resource).handle(request(method)).await;
    let allow = response.headers().get("allow").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), allow.unwrap_or_default())
}

struct Nothing;
impl RequestHandler for Nothing {}

struct ReadOnly;
impl RequestHandler for ReadOnly {
    async fn get(&self, request: Request) -> Result<Response, Error> {
        Ok(Response::text(request.method().to_string()))
    }
}

struct Everything;
impl RequestHandler for Everything {
    async fn get(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("get"))
    }
    async fn head(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("head"))
    }
    async fn post(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("post"))
    }
    async fn put(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("put"))
    }
    async fn delete(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("delete"))
    }
    async fn patch(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("patch"))
    }
    async fn options(&self, _: Request) -> Result<Response, Error> {
        Ok(Response::text("options"))
    }
}

#[tokio::test]
async fn methods_are_found_by_construction() {
    let none = (405, "OPTIONS".to_owned());
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        assert_eq!(status_and_allow(Nothing, method).await, none, "{method}");
    }
    assert_eq!(status_and_allow(Nothing, "OPTIONS").await, (204, "OPTIONS".into()));
    let read_only = "GET, HEAD, OPTIONS";
    assert_eq!(status_and_allow(ReadOnly, "POST").await, (405, read_only.into()));
    assert_eq!(status_and_allow(ReadOnly, "OPTIONS").await, (204, read_only.into()));
    let all = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";
    assert_eq!(status_and_allow(Everything, "BREW").await, (405, all.into()));
}

#[tokio::test]
async fn each_verb_reaches_its_method() {
    for method in ["get", "head", "post", "put", "delete", "patch", "options"] {
        let response = Resource(Everything).handle(request(&method.to_uppercase())).await;
        assert_eq!(response.into_body().text().await.unwrap(), method);
    }
}

#[tokio::test]
async fn head_falls_back_to_get() {
    let response = Resource(ReadOnly).handle(request("HEAD")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().text().await.unwrap(), "HEAD");
}

/// Counts what is called.
#[derive(Default)]
struct Counted {
    finished: Rc<Cell<u32>>,
    answered: Cell<u32>,
}

impl RequestHandler for Counted {
    async fn prepare(&self, request: &mut Request) -> Result<Option<Response>, Error> {
        match request.header(AUTHORIZATION) {
            Some("early") => Ok(Some(Response::empty(202))),
            Some("fail") => Err(Error::new(403, "no")),
            _ => {
                request.extensions_mut().insert("prepared");
                Ok(None)
            }
        }
    }

    async fn get(&self, request: Request) -> Result<Response, Error> {
        assert_eq!(request.extensions().get(), Some(&"prepared"));
        self.answered.set(self.answered.get() + 1);
        Ok(Response::text("got").with_header(SERVER, HeaderValue::from_static("own")))
    }

    async fn post(&self, _: Request) -> Result<Response, Error> {
        panic!("on purpose");
    }

    async fn put(&self, _: Request) -> Result<Response, Error> {
        std::future::pending().await
    }

    fn write_error(&self, error: Error) -> Response {
        Response::text(format!("sorry: {error}")).with_status(error.status().as_u16())
    }

    fn default_headers(&self, headers: &mut HeaderMap) {
        headers.insert(SERVER, HeaderValue::from_static("default"));
        headers.append("x-two", HeaderValue::from_static("1"));
        headers.append("x-two", HeaderValue::from_static("2"));
    }

    fn on_finish(&self) {
        self.finished.set(self.finished.get() + 1);
    }
}

#[tokio::test]
async fn prepare_may_answer_early_or_fail() {
    let resource = Resource(Counted::default());
    let authorized =
        |value| request("GET").with_header(AUTHORIZATION, HeaderValue::from_static(value));
    assert_eq!(resource.handle(authorized("early")).await.status(), 202);
    let response = resource.handle(authorized("fail")).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.into_body().text().await.unwrap(), "sorry: no");
    assert_eq!(resource.0.answered.get(), 0);
    resource.handle(request("GET")).await;
    assert_eq!(resource.0.answered.get(), 1);
    assert_eq!(resource.0.finished.get(), 3);
}

#[tokio::test]
async fn default_headers_do_not_replace_the_answers_own() {
    let resource = Resource(Counted::default());
    let response = resource.handle(request("GET")).await;
    assert_eq!(response.headers()["server"], "own");
    assert_eq!(response.headers().get_all("x-two").iter().count(), 2);
    let response = resource.handle(request("DELETE")).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["server"], "default");
}

#[tokio::test]
async fn on_finish_runs_after_a_panic_and_a_cancellation() {
    let resource = Resource(Counted::default());
    contain_panic(resource.handle(request("POST"))).await.unwrap_err();
    assert_eq!(resource.0.finished.get(), 1);
    let cancelled =
        tokio::time::timeout(std::time::Duration::ZERO, resource.handle(request("PUT")));
    cancelled.await.unwrap_err();
    assert_eq!(resource.0.finished.get(), 2);
}
