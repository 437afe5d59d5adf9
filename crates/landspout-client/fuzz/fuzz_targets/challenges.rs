//! Any lines as `WWW-Authenticate`: no panic; an answer to it is one that reads back, says who is
//! asked for, and is given once.
#![no_main]

use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use landspout_client::{Client, Credentials, Request, RequestOptions, Response};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalRuntime};

const USER: &str = "Mu\"fa\\sa";

thread_local! {
    static RUNTIME: LocalRuntime =
        Builder::new_current_thread().enable_all().build_local(Default::default()).unwrap();
}

/// The parameters of an answer (RFC 9110 §11.6.2), read strictly.
fn params(answer: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut rest = answer.strip_prefix(b"Digest ").expect("the scheme comes first");
    let mut params = Vec::new();
    loop {
        let equals = rest.iter().position(|&byte| byte == b'=').expect("each has a value");
        let name = String::from_utf8(rest[..equals].to_vec()).unwrap();
        rest = &rest[equals + 1..];
        let mut value = Vec::new();
        if rest.first() == Some(&b'"') {
            let mut at = 1;
            loop {
                match rest[at] {
                    b'"' => break,
                    b'\\' => at += 1,
                    _ => {}
                }
                value.push(rest[at]);
                at += 1;
            }
            rest = &rest[at + 1..];
        } else {
            let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
            value.extend(&rest[..end]);
            assert!(value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"'), "{value:?}");
            rest = &rest[end..];
        }
        assert!(params.iter().all(|(other, _)| *other != name), "{name} comes twice");
        params.push((name, value));
        match rest.strip_prefix(b", ") {
            Some(more) => rest = more,
            None => {
                assert!(rest.is_empty(), "{rest:?} is left");
                return params;
            }
        }
    }
}

fuzz_target!(|lines: &[u8]| {
    let lines = lines.split(|&byte| byte == b'\n');
    let values: Vec<HeaderValue> =
        lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).take(20).collect();
    let answers = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&answers);
    let answer = move |request: Request| {
        noted.borrow_mut().extend(request.headers().get(AUTHORIZATION).cloned());
        let mut response = Response::empty(401);
        for value in &values {
            response.headers_mut().append(WWW_AUTHENTICATE, value.clone());
        }
        async move { response }
    };
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let options = RequestOptions::default();
            let options = options.credentials(Credentials::digest(USER, "secret"));
            let client = Client::over(answer).with_defaults(options);
            let response = client.get("/a?b=\"c").send().await.unwrap();
            assert_eq!(response.status(), 401);
        });
    });
    // A second answer is given to a server that says that the first one's nonce was too old.
    let answers = answers.borrow();
    assert!(answers.len() <= 2, "{answers:?}");
    for answer in &*answers {
        let params = params(answer.as_bytes());
        let value = |name| params.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        let hides_user = value("userhash").is_some();
        assert!(hides_user || value("username").unwrap() == USER.as_bytes());
        assert!(["realm", "nonce", "uri", "response"].iter().all(|name| value(name).is_some()));
    }
});
