//! Typed arguments, and the answers that wrong ones get.

use http::header::CONTENT_TYPE;
use landspout_handler::{Error, Request, Route};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::sync::Arc;

/// A request whose path is `/` and the values, separated by `/`, under these names.
fn routed(names: &[&str], values: &[&str]) -> Request {
    let names: Box<[Box<str>]> = names.iter().map(|&name| name.into()).collect();
    let mut request = Request::get(&format!("/{}", values.join("/")));
    let mut at = 1;
    let ranges: Vec<_> = values
        .iter()
        .map(|value| {
            let range = at..at + value.len();
            at = range.end + 1;
            range
        })
        .collect();
    request.set_route(Arc::new(Route { pattern: "/".into(), names }), ranges);
    request
}

#[track_caller]
fn check<T>(result: Result<T, Error>, status: u16, message: &str) {
    let error = result.err().expect("the argument is wrong");
    assert_eq!((error.status().as_u16(), error.message()), (status, message));
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Pdf,
    Html,
}

#[test]
fn path_reads_as_value_tuple_struct_map_or_list() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        story: u64,
        format: Format,
    }
    let request = routed(&["story", "format"], &["12", "pdf"]);
    assert_eq!(request.path::<(u64, String)>().unwrap(), (12, "pdf".into()));
    assert_eq!(request.path::<Page>().unwrap(), Page { story: 12, format: Format::Pdf });
    assert_eq!(request.path::<HashMap<String, String>>().unwrap()["format"], "pdf");
    assert_eq!(request.path::<Vec<String>>().unwrap(), ["12", "pdf"]);
    assert_eq!(routed(&["story"], &["12"]).path::<u64>().unwrap(), 12);
    assert_eq!(routed(&["format"], &["html"]).path::<Format>().unwrap(), Format::Html);
    Request::get("/").path::<()>().unwrap();
}

#[test]
fn path_is_percent_decoded_once_and_plus_stays() {
    let (value,): (String,) = routed(&["q"], &["a%2Fb%2520c+d%C3%A9"]).path().unwrap();
    assert_eq!(value, "a/b%20c+dé");
}

#[test]
fn a_value_that_its_own_type_refuses_is_400() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Even;

    impl TryFrom<String> for Even {
        type Error = &'static str;

        fn try_from(_: String) -> Result<Even, &'static str> {
            Err("it is odd")
        }
    }

    let request = |value| routed(&["a"], &[value]);
    check(request("x").path::<IpAddr>(), 400, "path: `a`: invalid IP address syntax");
    check(request("x").path::<(IpAddr,)>(), 400, "path: `a`: invalid IP address syntax");
    let zero = "path: `a`: invalid value: integer `0`, expected a nonzero u8";
    check(request("0").path::<NonZeroU8>(), 400, zero);
    check(request("x").path::<Even>(), 400, "path: it is odd");
}

#[test]
fn a_path_parameter_of_60_kib_is_read() {
    let long = "%61".repeat(20 * 1024);
    let request = routed(&["a", "b"], &[&long, "7"]);
    let (a, b): (String, u8) = request.path().unwrap();
    assert_eq!((a.len(), b), (20 * 1024, 7));
}

#[test]
fn wrong_path_values_are_400_and_name_the_parameter() {
    let request = |value| routed(&["n"], &[value]);
    check(
        request("x").path::<u8>(),
        400,
        "path: `n` must be a whole number from 0 to 255, and is \"x\"",
    );
    check(
        request("256").path::<u8>(),
        400,
        "path: `n` must be a whole number from 0 to 255, and is \"256\"",
    );
    check(request("%FF").path::<String>(), 400, "path: `n` must be UTF-8, and is \"%FF\"");
    check(
        request("doc").path::<Format>(),
        400,
        "path: `n` must be one of [\"pdf\", \"html\"], and is \"doc\"",
    );
}

#[test]
fn of_a_long_value_only_the_beginning_is_told() {
    let error = routed(&["n"], &[&"é".repeat(1000)]).path::<u8>().unwrap_err();
    let told = format!("and is \"{}\", and so on", "é".repeat(80));
    assert!(error.message().ends_with(&told), "{error}");
}

#[test]
fn a_type_that_does_not_fit_the_pattern_is_the_handlers_fault() {
    let request = routed(&["a", "b"], &["1", "2"]);
    for error in [
        request.path::<u64>().unwrap_err(),
        request.path::<(u64,)>().unwrap_err(),
        Request::get("/").path::<(u64,)>().unwrap_err(),
    ] {
        assert_eq!(error.status(), 500);
        assert!(error.cause().unwrap().to_string().contains("parameters"), "{error:?}");
    }
}

#[test]
fn wrong_queries_are_400() {
    #[derive(Debug, Deserialize)]
    struct Paging {
        #[serde(rename = "page")]
        _page: u32,
    }
    check(Request::get("/").query::<Paging>(), 400, "query: missing field `page`");
    let many = format!("/?page=1{}", "&a=1".repeat(1000));
    check(Request::get(&many).query::<Paging>(), 400, "query: there are over 1000 arguments");
    assert_eq!(Request::get("/?page=x").query::<Paging>().unwrap_err().status(), 400);
}

#[test]
fn the_last_query_value_of_a_name_counts() {
    let request = Request::get("/?a=1&a=2%20x&b=");
    assert_eq!(request.query_value("a").as_deref(), Some("2 x"));
    assert_eq!(request.query_value("b").as_deref(), Some(""));
    assert_eq!(request.query_value("c"), None);
}

fn posted(content_type: &str, body: &'static str) -> Request {
    Request::post("/").with_header(CONTENT_TYPE, content_type.parse().unwrap()).with_body(body)
}

#[tokio::test]
async fn json_answers_415_400_422_and_413() {
    let json = "application/json";
    assert_eq!(
        posted("Application/JSON; charset=utf-8", "[1]").json::<Vec<u8>>().await.unwrap(),
        [1]
    );
    assert_eq!(posted("application/hal+json", "1").json::<u8>().await.unwrap(), 1);
    check(
        posted("text/plain", "1").json::<u8>().await,
        415,
        "the content type must be application/json, and is \"text/plain\"",
    );
    check(
        Request::post("/").with_body("1").json::<u8>().await,
        415,
        "the content type must be application/json, and none is given",
    );
    check(
        posted(json, "[1,]").json::<Vec<u8>>().await,
        400,
        "JSON body: trailing comma at line 1 column 4",
    );
    check(
        posted(json, "\"a\"").json::<u8>().await,
        422,
        "JSON body: invalid type: string \"a\", expected u8 at line 1 column 3",
    );
    let mut long = posted(json, "[1, 2, 3]");
    long.body_mut().set_limit(8);
    check(long.json::<Vec<u8>>().await, 413, "the body is longer than 8 bytes");
}

#[tokio::test]
async fn form_answers_415_and_422() {
    let form = "application/x-www-form-urlencoded";
    type Fields = HashMap<String, String>;
    let fields: Fields = posted(form, "name=A%26B+C&empty=").form().await.unwrap();
    assert_eq!((&*fields["name"], &*fields["empty"]), ("A&B C", ""));
    #[derive(Debug, Deserialize)]
    struct Login {
        #[serde(rename = "user")]
        _user: String,
    }
    check(posted(form, "a=b").form::<Login>().await, 422, "form: missing field `user`");
    check(
        posted("text/plain", "user=x").form::<Login>().await,
        415,
        "the content type must be application/x-www-form-urlencoded, and is \"text/plain\"",
    );
}

proptest! {
    #[test]
    fn any_text_goes_through_a_path_parameter(text in "\\PC{1,20}") {
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let (read,): (String,) = routed(&["v"], &[&encoded.to_string()]).path().unwrap();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn any_query_is_read_or_refused(query in "[ -~&&[^ \"#<>`{}|\\\\^]]{0,60}") {
        let request = Request::get(&format!("/?{query}"));
        let _ = request.query::<HashMap<String, Vec<String>>>().map_err(|error| {
            assert_eq!(error.status(), 400);
        });
    }
}
