//! Cookies as browsers send them.

use http::header::COOKIE;
use landspout_handler::Request;
use proptest::prelude::*;

fn with_cookies(header: &[u8]) -> Request {
    Request::get("/").with_header(COOKIE, header.try_into().unwrap())
}

#[track_caller]
fn check(header: &str, expected: &[(&str, &str)]) {
    let request = with_cookies(header.as_bytes());
    assert_eq!(request.cookies().collect::<Vec<_>>(), expected);
}

#[test]
fn pairs_are_read_and_nonsense_is_passed_over() {
    check("a=1; b=2", &[("a", "1"), ("b", "2")]);
    check("a=1;b = 2 ;;c", &[("a", "1"), ("b", "2")]);
    check("a=\"quoted\"; b=x=y; =z", &[("a", "quoted"), ("b", "x=y")]);
    check("a=\"", &[("a", "\"")]);
}

#[test]
fn the_last_of_a_name_counts_and_split_headers_add_up() {
    let mut request = with_cookies(b"a=1; a=2");
    assert_eq!(request.cookie("a"), Some("2"));
    request.headers_mut().append(COOKIE, "b=3".parse().unwrap());
    assert_eq!(request.cookie("b"), Some("3"));
}

#[test]
fn a_cookie_that_is_not_ascii_does_not_hide_the_others() {
    check("name=Zo\u{eb}; session=1", &[("name", "Zo\u{eb}"), ("session", "1")]);
    let request = with_cookies(b"name=\xff; session=1");
    assert_eq!(request.cookies().collect::<Vec<_>>(), [("session", "1")]);
}

#[test]
fn a_header_of_64_kib_is_read_as_far_as_it_is_asked_for() {
    let header = "a=1;".repeat(16 * 1024);
    let request = with_cookies(header.as_bytes());
    assert_eq!(request.cookies().next(), Some(("a", "1")));
    assert_eq!(request.cookies().count(), 16 * 1024);
    assert_eq!(with_cookies(&b";".repeat(64 * 1024)).cookies().count(), 0);
    assert_eq!(with_cookies(&b"=".repeat(64 * 1024)).cookies().count(), 0);
}

proptest! {
    #[test]
    fn no_cookie_header_makes_a_request_fail(bytes in proptest::collection::vec(32u8..=255, 0..200)) {
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 127).collect();
        let request = with_cookies(&bytes);
        for (name, value) in request.cookies() {
            prop_assert!(!name.is_empty() && !name.contains(';') && !value.contains(';'));
        }
    }
}
