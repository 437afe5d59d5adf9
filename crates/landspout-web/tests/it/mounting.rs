//! Handlers that answer everything under a prefix.

use crate::{fetch, header, run};
use landspout_web::{Application, Error, Handler, IntoResponse, Request, Routes};
use std::sync::Arc;

async fn uri(request: Request) -> String {
    request.uri().to_string()
}

#[test]
fn the_handler_sees_the_path_below_the_prefix() {
    let application = Application::new()
        .mount("/static", uri)
        .mount("/a/b/", uri)
        .route("/static/own", async |_: Request| "own");
    application.check().unwrap();
    run(async {
        let check = async |path: &str, expected: &str| {
            assert_eq!(fetch(&application, path).await, (200, expected.to_owned()), "{path}");
        };
        check("/static/", "/").await;
        check("/static/css/main.css?v=1", "/css/main.css?v=1").await;
        check("/st%61tic/a%2Fb", "/a%2Fb").await;
        check("/static//host", "//host").await;
        check("/static/own", "own").await;
        check("/a/b/c", "/c").await;
    });
}

#[test]
fn the_root_can_be_mounted() {
    let application = Application::new().mount("/", uri);
    application.check().unwrap();
    run(async {
        assert_eq!(fetch(&application, "/").await, (200, "/".to_owned()));
        assert_eq!(fetch(&application, "/a/b?c").await, (200, "/a/b?c".to_owned()));
    });
}

#[test]
fn the_prefix_without_a_slash_leads_to_the_one_with() {
    let application = Application::new().nest("/{tenant}", Routes::new().mount("/static", uri));
    run(async {
        let response = application.handle(Request::get("/acme/static?x=1")).await;
        assert_eq!(response.status(), 308);
        assert_eq!(header(&response, "location"), "./static/?x=1");
    });
}

#[test]
fn an_application_in_another_keeps_its_own_values_and_pages() {
    async fn number(request: Request) -> Result<String, Error> {
        Ok(request.shared::<u32>()?.to_string())
    }
    let inner = Application::new()
        .shared(Arc::new(1_u32))
        .error_page(|_| Some("inner page".into_response()))
        .route("/number", number);
    let outer =
        Application::new().shared(Arc::new(2_u32)).route("/number", number).mount("/inner", inner);
    run(async {
        assert_eq!(fetch(&outer, "/inner/number").await, (200, "1".to_owned()));
        assert_eq!(fetch(&outer, "/number").await, (200, "2".to_owned()));
        assert_eq!(fetch(&outer, "/inner/no").await, (404, "inner page".to_owned()));
        assert_eq!(fetch(&outer, "/no").await, (404, "Not Found\n".to_owned()));
    });
}
