//! What stands around handlers, and in which order.

use crate::{fetch, header, run, text};
use http::HeaderValue;
use landspout_web::{Application, Error, Handler, Middleware, Next, Request, Response, Routes};

/// Adds its name to the request on the way in, and to the response on the way out.
struct Mark(&'static str);

impl Middleware for Mark {
    async fn call(&self, mut request: Request, next: Next) -> Response {
        request.headers_mut().append("in", HeaderValue::from_static(self.0));
        let mut response = next.run(request).await;
        response.headers_mut().append("out", HeaderValue::from_static(self.0));
        response
    }
}

fn marks(headers: &http::HeaderMap, name: &str) -> String {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    values.join(" ")
}

async fn way_in(request: Request) -> String {
    marks(request.headers(), "in")
}

async fn ways(application: &Application, path: &str) -> (u16, String, String) {
    let response = application.handle(Request::get(path)).await;
    let out = marks(response.headers(), "out");
    let (status, way_in) = text(response).await;
    (status, way_in, out)
}

#[test]
fn the_first_added_is_the_outermost_wherever_the_routes_are_added() {
    let application = Application::new()
        .wrap(Mark("first"))
        .route("/", way_in)
        .wrap(Mark("second"))
        .route("/later", way_in);
    run(async {
        let expected = (200, "first second".to_owned(), "second first".to_owned());
        assert_eq!(ways(&application, "/").await, expected);
        assert_eq!(ways(&application, "/later").await, expected);
    });
}

#[test]
fn it_stands_around_404_and_the_fallback() {
    run(async {
        let application = Application::new().wrap(Mark("outer"));
        let (status, _, out) = ways(&application, "/nowhere").await;
        assert_eq!((status, &*out), (404, "outer"));
        let application = application.fallback(way_in);
        assert_eq!(ways(&application, "/nowhere").await.1, "outer");
    });
}

#[test]
fn middleware_of_nested_routes_is_around_them_alone() {
    let inner = Routes::new().route("/", way_in).wrap(Mark("inner"));
    let api = Routes::new().wrap(Mark("api")).route("/users", way_in).nest("/{tenant}", inner);
    let application = Application::new().nest("/api", api).wrap(Mark("app")).route("/", way_in);
    run(async {
        assert_eq!(ways(&application, "/api/users").await.1, "app api");
        assert_eq!(ways(&application, "/api/acme").await.1, "app api inner");
        assert_eq!(ways(&application, "/").await.1, "app");
        let (status, _, out) = ways(&application, "/api/no/where").await;
        assert_eq!((status, &*out), (404, "app"));
    });
}

#[test]
fn parameters_of_a_prefix_are_seen_beside_the_routes_own() {
    async fn post(request: Request) -> Result<String, Error> {
        let (blog, post): (String, u32) = request.path()?;
        Ok(format!("{post} of {blog}"))
    }
    let posts = Routes::new().named("post", "/{post}", post);
    let application = Application::new().nest("/blog/{blog}", posts);
    assert_eq!(
        application.url("post", &[("blog", &"rust"), ("post", &7)]).unwrap(),
        "/blog/rust/7"
    );
    run(async {
        assert_eq!(fetch(&application, "/blog/rust/7").await, (200, "7 of rust".to_owned()));
    });
}

#[test]
fn it_may_answer_itself_and_its_error_gets_a_page() {
    async fn locked(_: Request, _: Next) -> Result<Response, Error> {
        Err(Error::new(401, "no key"))
    }
    let application = Application::new().wrap(Mark("outer")).wrap(locked).route("/", way_in);
    run(async {
        let request =
            Request::get("/").with_header(http::header::ACCEPT, "text/html".parse().unwrap());
        let response = application.handle(request).await;
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&response, "out"), "outer");
        assert_eq!(response.status(), 401);
    });
}

#[test]
fn it_sees_the_error_of_a_handler() {
    async fn excuse(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        match response.take_error() {
            Some(error) => Response::text(format!("sorry: {error}")),
            None => response,
        }
    }
    let application = Application::new().wrap(excuse);
    run(async {
        assert_eq!(fetch(&application, "/").await, (200, "sorry: Not Found".to_owned()));
    });
}
