//! What clients and the log are told of errors.

use crate::log::Caught;
use crate::{fetch, header, run, text};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use landspout_web::{
    Application, Error, Handler, IntoResponse, PageFormat, Request, RequestHandler, Resource,
    Response,
};
use tracing::Level;

async fn broken(_: Request) -> Result<&'static str, Error> {
    Err(Error::internal(std::io::Error::other("the key is sesame")))
}

async fn busy(_: Request) -> Result<&'static str, Error> {
    Err(Error::new(503, "<b>later</b> & \"elsewhere\"").with_header(RETRY_AFTER, 5.into()))
}

fn application() -> Application {
    Application::new().route("/broken", broken).route("/busy", busy)
}

async fn ask(application: &Application, path: &str, accept: &str) -> Response {
    let request = Request::get(path).with_header(ACCEPT, accept.parse().unwrap());
    application.handle(request).await
}

#[track_caller]
fn check_format(accept: &str, expected: &str) {
    run(async {
        let response = ask(&application(), "/nowhere", accept).await;
        assert_eq!(header(&response, "content-type"), expected, "{accept}");
        assert_eq!(header(&response, "vary"), "accept");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    });
}

#[test]
fn the_page_has_the_form_that_the_client_asks_for() {
    const TEXT: &str = "text/plain; charset=utf-8";
    const HTML: &str = "text/html; charset=utf-8";
    const JSON: &str = "application/json";
    for (accept, expected) in [
        ("*/*", TEXT),
        ("", TEXT),
        ("text/html", HTML),
        ("TEXT/HTML;level=1;Q=0.4", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json", JSON),
        ("application/json, text/plain, */*", JSON),
        ("application/json, text/javascript, */*; q=0.01", JSON),
        ("application/*", JSON),
        ("text/*", TEXT),
        ("text/html;q=0.5, application/json;q=0.9", JSON),
        ("text/html;q=0.9, application/json;q=0.5", HTML),
        ("text/plain;q=0, */*", HTML),
        ("text/*;q=0, */*;q=0.1", JSON),
        ("text/plain;q=0.1, text/*;q=0.9, */*;q=0.5", HTML),
        ("text/html;q=2, application/json;q=0.1", JSON),
        ("text/html;q=nan", TEXT),
        ("image/png", TEXT),
        ("*/*;q=0", TEXT),
        (";;,/,/;q", TEXT),
    ] {
        check_format(accept, expected);
    }
}

#[test]
fn an_accept_field_may_have_several_lines() {
    run(async {
        let mut request = Request::get("/nowhere");
        request.headers_mut().append(ACCEPT, "image/png".parse().unwrap());
        request.headers_mut().append(ACCEPT, "application/json".parse().unwrap());
        let response = application().handle(request).await;
        assert_eq!(header(&response, "content-type"), "application/json");
    });
}

#[test]
fn an_accept_field_of_100_kib_is_read() {
    check_format(
        &format!("{}application/json", "a/b;q=0.5,".repeat(10 * 1024)),
        "application/json",
    );
    check_format(&";".repeat(100 * 1024), "text/plain; charset=utf-8");
    check_format(&format!("text/html;{}q=0.5", ";".repeat(100 * 1024)), "text/html; charset=utf-8");
}

#[test]
fn a_hostile_message_stays_text() {
    async fn repeat(request: Request) -> Error {
        Error::new(400, request.query_value("m").unwrap_or_default().into_owned())
    }
    let application = Application::new().route("/", repeat);
    // `</script>"'&{{7*7}}`, a NUL, a line break and U+2028.
    let path = "/?m=%3C/script%3E%22'%26%7B%7B7*7%7D%7D%00%0A%E2%80%A8";
    run(async {
        let page = text(ask(&application, path, "text/html").await).await.1;
        let escaped = "&lt;/script&gt;&quot;&#39;&amp;{{7*7}}\0\n\u{2028}";
        assert!(page.contains(&format!("<p>{escaped}</p>")), "{page}");
        let page = text(ask(&application, path, "application/json").await).await.1;
        let value: serde_json::Value = serde_json::from_str(&page).unwrap();
        assert_eq!(value["message"], "</script>\"'&{{7*7}}\0\n\u{2028}");
        assert!(!page.trim_end().contains('\n'), "{page}");
    });
}

#[test]
fn the_three_forms_are_escaped_and_keep_the_errors_headers() {
    let application = application();
    run(async {
        for (accept, expected) in [
            ("text/plain", "<b>later</b> & \"elsewhere\"\n"),
            (
                "application/json",
                r#"{"status":503,"error":"Service Unavailable","message":"<b>later</b> & \"elsewhere\""}"#,
            ),
            (
                "text/html",
                "<h1>503 Service Unavailable</h1>\n\
                 <p>&lt;b&gt;later&lt;/b&gt; &amp; &quot;elsewhere&quot;</p>\n",
            ),
        ] {
            let response = ask(&application, "/busy", accept).await;
            assert_eq!(header(&response, "retry-after"), "5");
            let (status, body) = text(response).await;
            assert_eq!(status, 503);
            assert!(body.contains(expected), "{body}");
        }
        let (_, body) = text(ask(&application, "/nowhere", "application/json").await).await;
        assert_eq!(body, r#"{"status":404,"error":"Not Found"}"#);
    });
}

#[test]
fn causes_are_for_the_log_alone_unless_debugging() {
    let (application, debugged) = (application(), application().debug(true));
    run(async {
        for accept in ["text/plain", "text/html", "application/json"] {
            let (_, body) = text(ask(&application, "/broken", accept).await).await;
            assert!(!body.contains("sesame"), "{body}");
            let (status, body) = text(ask(&debugged, "/broken", accept).await).await;
            assert_eq!(status, 500);
            assert!(body.contains("the key is sesame"), "{body}");
        }
    });
}

#[test]
fn each_error_has_one_log_line() {
    async fn teapot(_: Request) -> Error {
        Error::new(418, "short and stout")
    }
    let application = application().route("/teapot", teapot);
    run(async {
        let log = Caught::begin();
        let check = async |path: &str, level: Level, part: &str| {
            fetch(&application, path).await;
            let lines = log.take();
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert_eq!(lines[0].0, level);
            assert!(lines[0].1.contains(part), "{lines:?}");
        };
        check("/broken", Level::ERROR, "500 Internal Server Error: the key is sesame").await;
        check("/teapot", Level::INFO, "route=\"/teapot\" error=418 short and stout").await;
        check("/nowhere", Level::DEBUG, "path=\"/nowhere\"").await;
    });
}

#[test]
fn an_error_is_gone_once_it_is_told() {
    run(async {
        let response = application().handle(Request::get("/broken")).await;
        assert!(response.error().is_none());
    });
}

#[test]
fn what_a_handler_made_itself_is_left_alone() {
    async fn by_hand(_: Request) -> Response {
        Response::text("no such thing").with_status(404)
    }
    async fn bare(_: Request) -> http::StatusCode {
        http::StatusCode::NOT_FOUND
    }
    struct Form;
    impl RequestHandler for Form {
        async fn get(&self, _: Request) -> Result<Response, Error> {
            Err(Error::new(422, "bad"))
        }
        fn write_error(&self, error: Error) -> Response {
            let body = format!("<form>{error}</form>");
            Response::from(error)
                .with_header(CONTENT_TYPE, "text/html".parse().unwrap())
                .with_body(body)
        }
    }
    let application = Application::new()
        .route("/hand", by_hand)
        .route("/bare", bare)
        .route("/form", Resource(Form));
    run(async {
        let log = Caught::begin();
        assert_eq!(fetch(&application, "/hand").await, (404, "no such thing".to_owned()));
        assert_eq!(fetch(&application, "/bare").await, (404, String::new()));
        assert_eq!(log.take(), []);
        assert_eq!(fetch(&application, "/form").await, (422, "<form>bad</form>".to_owned()));
        assert_eq!(log.take().len(), 1);
    });
}

#[test]
fn a_page_of_ones_own_takes_the_place() {
    let application = application().error_page(|page| {
        (page.format == PageFormat::Html).then(|| {
            Response::html(format!("own: {}", page.reason())).with_header(RETRY_AFTER, 9.into())
        })
    });
    run(async {
        let response = ask(&application, "/nowhere", "text/html").await;
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&response, "retry-after"), "9");
        assert_eq!(text(response).await, (404, "own: Not Found".to_owned()));
        let (_, body) = text(ask(&application, "/nowhere", "text/plain").await).await;
        assert_eq!(body, "Not Found\n");
    });
}

#[test]
fn an_error_that_was_made_a_success_keeps_its_body() {
    async fn forgiven(_: Request) -> Response {
        Error::new(404, "nothing").into_response().with_status(200)
    }
    run(async {
        let application = Application::new().route("/", forgiven);
        assert_eq!(fetch(&application, "/").await, (200, "nothing".to_owned()));
    });
}
