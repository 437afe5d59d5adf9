//! From a path to a handler.

use crate::{fetch, header, run};
use landspout_web::{Application, Error, Handler, Request, TrailingSlash, Urls};
use std::collections::BTreeMap;

async fn hello(_: Request) -> &'static str {
    "hello"
}

/// The pattern that was taken, and the parameters.
async fn echo(request: Request) -> Result<String, Error> {
    let values: BTreeMap<String, String> = request.path()?;
    let route = request.route().unwrap();
    Ok(format!("{} {values:?}", route.pattern))
}

#[test]
fn parameters_reach_the_handler_decoded() {
    let application = Application::new()
        .route("/story/{id}", echo)
        .route("/story/new", hello)
        .route("/files/{*path}", echo);
    run(async {
        let check = async |path: &str, expected: &str| {
            assert_eq!(fetch(&application, path).await, (200, expected.to_owned()), "{path}");
        };
        check("/story/7?page=2", r#"/story/{id} {"id": "7"}"#).await;
        check("/story/caf%C3%A9", r#"/story/{id} {"id": "café"}"#).await;
        check("/story/a%2Fb", r#"/story/{id} {"id": "a/b"}"#).await;
        check("/st%6Fry/%37", r#"/story/{id} {"id": "7"}"#).await;
        check("/story/new", "hello").await;
        check("/files/css/main.css", r#"/files/{*path} {"path": "css/main.css"}"#).await;
    });
}

#[test]
fn a_path_without_a_route_is_404_or_the_fallbacks() {
    run(async {
        let application = Application::new().route("/", hello);
        assert_eq!(fetch(&application, "/nowhere").await, (404, "Not Found\n".to_owned()));

        let elsewhere = |request: Request| async move { format!("no {}", request.uri().path()) };
        let application = application.fallback(elsewhere);
        assert_eq!(fetch(&application, "/nowhere").await, (200, "no /nowhere".to_owned()));
    });
}

#[test]
fn a_slash_at_the_end_counts_unless_the_policy_says_otherwise() {
    let application = |policy| {
        Application::new()
            .route("/leaf", hello)
            .route("/tree/", hello)
            .route("/story/{id}", echo)
            .trailing_slash(policy)
    };
    run(async {
        let strict = application(TrailingSlash::Strict);
        assert_eq!(fetch(&strict, "/leaf/").await.0, 404);
        assert_eq!(fetch(&strict, "/tree").await.0, 404);

        let redirecting = application(TrailingSlash::Redirect);
        let response = redirecting.handle(Request::post("/leaf/?q=1")).await;
        assert_eq!(response.status(), 308);
        assert_eq!(header(&response, "location"), "/leaf?q=1");
        let response = redirecting.handle(Request::get("/tree")).await;
        assert_eq!(header(&response, "location"), "/tree/");

        let merging = application(TrailingSlash::Merge);
        assert_eq!(fetch(&merging, "/leaf/").await.0, 200);
        assert_eq!(fetch(&merging, "/tree").await.0, 200);
        let expected = r#"/story/{id} {"id": "7"}"#.to_owned();
        assert_eq!(fetch(&merging, "/story/7/").await, (200, expected));
    });
}

#[test]
fn the_response_names_its_route() {
    let application = Application::new().route("/story/{id}", echo);
    run(async {
        let response = application.handle(Request::get("/story/7")).await;
        assert_eq!(&*response.route().unwrap().pattern, "/story/{id}");
        assert!(application.handle(Request::get("/")).await.route().is_none());
    });
}

#[test]
fn routes_added_after_a_request_are_found() {
    run(async {
        let application = Application::new().route("/one", hello);
        assert_eq!(fetch(&application, "/two").await.0, 404);
        let application = application.route("/two", hello);
        assert_eq!(fetch(&application, "/two").await.0, 200);
        assert_eq!(fetch(&application, "/one").await.0, 200);
    });
}

#[test]
fn names_lead_back_to_urls_from_outside_and_inside() {
    async fn inside(request: Request) -> Result<String, Error> {
        request.shared::<Urls>()?.url("story", &[("id", &"a/b c")])
    }
    let application = Application::new().route("/", inside).named("story", "/story/{id}", hello);
    assert_eq!(application.url("story", &[("id", &7)]).unwrap(), "/story/7");
    assert_eq!(application.url("story", &[("id", &"..")]).unwrap_err().status(), 500);
    assert_eq!(application.url("stories", &[]).unwrap_err().status(), 500);
    run(async {
        assert_eq!(fetch(&application, "/").await, (200, "/story/a%2Fb%20c".to_owned()));
    });
}
