//! From http to https.

use landspout_server::{Handler, HttpsRedirect, Request};

async fn location(redirect: HttpsRedirect, request: Request) -> Option<String> {
    let response = redirect.handle(request).await;
    assert_eq!(response.status(), 308);
    response.headers().get("location").map(|value| value.to_str().unwrap().to_owned())
}

#[track_caller]
fn of_host(host: &str) -> Request {
    Request::get("/a/b?c=%20").with_header(http::header::HOST, host.parse().unwrap())
}

#[tokio::test]
async fn the_path_and_the_query_are_kept() {
    let to = location(HttpsRedirect::default(), of_host("example.org")).await;
    assert_eq!(to.unwrap(), "https://example.org/a/b?c=%20");
}

#[tokio::test]
async fn the_port_is_that_of_https() {
    let to = location(HttpsRedirect::default(), of_host("example.org:80")).await;
    assert_eq!(to.unwrap(), "https://example.org/a/b?c=%20");
    let to = location(HttpsRedirect::to_port(8443), of_host("[2001:db8::1]:8080")).await;
    assert_eq!(to.unwrap(), "https://[2001:db8::1]:8443/a/b?c=%20");
}

#[tokio::test]
async fn a_question_about_the_server_itself_goes_to_its_root() {
    let request = Request::get("*")
        .with_method(http::Method::OPTIONS)
        .with_header(http::header::HOST, "example.org".parse().unwrap());
    assert_eq!(location(HttpsRedirect::default(), request).await.unwrap(), "https://example.org/");
}

#[tokio::test]
async fn a_client_that_names_no_host_cannot_be_sent_anywhere() {
    let response = HttpsRedirect::default().handle(Request::get("/")).await;
    assert_eq!(response.status(), 400);
}
