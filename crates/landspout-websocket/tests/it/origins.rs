//! From which web pages connections are taken.

use http::{HeaderMap, HeaderValue, Method, Version};
use landspout_websocket::{Config, Offer, Origins, Refusal};

#[track_caller]
fn check(origins: Origins, host: &'static str, origin: &'static str, allowed: bool) {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", host),
        ("origin", origin),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        if !value.is_empty() {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    let result = offer.accept(&Config::default().origins(origins));
    assert_eq!(result.err(), (!allowed).then_some(Refusal::Origin), "{origin} to {host}");
}

#[test]
fn the_same_host_and_port_are_allowed() {
    check(Origins::Same, "example.com", "https://example.com", true);
    check(Origins::Same, "Example.com:443", "https://EXAMPLE.com", true);
    check(Origins::Same, "example.com", "http://example.com:80", true);
    check(Origins::Same, "localhost:8888", "http://localhost:8888", true);
    check(Origins::Same, "[::1]:8888", "http://[::1]:8888", true);
}

#[test]
fn others_are_refused() {
    check(Origins::Same, "example.com", "https://evil.com", false);
    check(Origins::Same, "example.com", "https://example.com.evil.com", false);
    check(Origins::Same, "example.com", "https://example.com:444", false);
    check(Origins::Same, "localhost:8888", "http://localhost", false);
    check(Origins::Same, "example.com", "null", false);
    check(Origins::Same, "example.com", "file://", false);
    check(Origins::Same, "example.com", "ftp://example.com", false);
    check(Origins::Same, "", "https://example.com", false);
}

#[test]
fn a_client_without_an_origin_is_no_browser() {
    check(Origins::Same, "example.com", "", true);
}

#[test]
fn more_origins_can_be_named() {
    let also = Origins::Also(vec!["https://app.example.com".to_owned()]);
    check(also.clone(), "example.com", "https://app.example.com", true);
    check(also.clone(), "example.com", "https://example.com", true);
    check(also.clone(), "example.com", "http://app.example.com", false);
    check(also, "example.com", "https://other.example.com", false);
}

#[test]
fn all_can_be_allowed() {
    check(Origins::Any, "example.com", "https://evil.com", true);
    check(Origins::Any, "example.com", "null", true);
}
