//! The server's side of the handshake: what is accepted, and the exact refusals.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use landspout_websocket::{Config, Offer, Refusal};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The headers of a right handshake, with some changed; an empty value removes one.
fn headers(changes: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let right = [
        ("host", "example.com"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];
    for (name, value) in right.iter().chain(changes) {
        let name = HeaderName::from_static(name);
        match *value {
            "" => drop(headers.remove(name)),
            value => drop(headers.insert(name, HeaderValue::from_static(value))),
        }
    }
    headers
}

fn read(headers: &HeaderMap) -> Result<Offer, Refusal> {
    Offer::read(&Method::GET, Version::HTTP_11, headers)
}

#[track_caller]
fn check(changes: &[(&'static str, &'static str)], refusal: Option<Refusal>) {
    assert_eq!(read(&headers(changes)).err(), refusal);
}

#[test]
fn a_right_handshake_is_accepted() {
    let accepted = read(&headers(&[])).unwrap().accept(&Config::default()).unwrap();
    assert_eq!(accepted.status, StatusCode::SWITCHING_PROTOCOLS);
    let expected = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ];
    assert_eq!(accepted.headers.len(), expected.len());
    for (name, value) in expected {
        assert_eq!(accepted.headers[name], value);
    }
}

#[test]
fn names_are_found_in_lists_and_in_any_case() {
    check(&[("connection", "keep-alive , UPGRADE"), ("upgrade", "h2c, WebSocket")], None);
}

#[test]
fn each_mistake_has_its_refusal() {
    check(&[("upgrade", "")], Some(Refusal::NoUpgrade));
    check(&[("upgrade", "h2c")], Some(Refusal::Upgrade));
    check(&[("connection", "keep-alive")], Some(Refusal::Connection));
    check(&[("connection", "")], Some(Refusal::Connection));
    check(&[("sec-websocket-version", "8")], Some(Refusal::Version));
    check(&[("sec-websocket-version", "")], Some(Refusal::Version));
    check(&[("sec-websocket-extensions", "a; b=")], Some(Refusal::Extensions));
    check(&[("sec-websocket-extensions", "a b")], Some(Refusal::Extensions));
    check(&[("sec-websocket-extensions", "a; b=\"c d\"")], Some(Refusal::Extensions));
    check(&[("sec-websocket-extensions", "a; b=\"c")], Some(Refusal::Extensions));
    check(&[("sec-websocket-protocol", "a, a")], Some(Refusal::Subprotocols));
    check(&[("sec-websocket-protocol", "a, b c")], Some(Refusal::Subprotocols));
    let post = Offer::read(&Method::POST, Version::HTTP_11, &headers(&[]));
    assert_eq!(post.err(), Some(Refusal::Method));
    let old = Offer::read(&Method::GET, Version::HTTP_10, &headers(&[]));
    assert_eq!(old.err(), Some(Refusal::HttpVersion));
}

#[test]
fn a_key_is_sixteen_bytes_in_base64() {
    for key in [
        "",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSBsb25nZXI=",
        "!!!!!!!!!!!!!!!!!!!!!!==",
    ] {
        check(&[("sec-websocket-key", key)], Some(Refusal::Key));
    }
    let mut twice = headers(&[]);
    twice.append("sec-websocket-key", HeaderValue::from_static(KEY));
    assert_eq!(read(&twice).err(), Some(Refusal::Key));
}

#[test]
fn a_refusal_is_a_whole_response() {
    for (refusal, status) in [
        (Refusal::Key, 400),
        (Refusal::Upgrade, 400),
        (Refusal::Origin, 403),
        (Refusal::Method, 405),
        (Refusal::NoUpgrade, 426),
        (Refusal::Version, 426),
        (Refusal::Protocol, 501),
    ] {
        assert_eq!(refusal.status().as_u16(), status);
        let headers = refusal.headers();
        assert_eq!(headers.get("allow").is_some(), status == 405);
        let version = headers.get("sec-websocket-version");
        assert_eq!(version.is_some_and(|version| version == "13"), status == 426);
        assert_eq!(headers.get("upgrade").is_some(), status == 426);
    }
}

#[test]
fn the_server_prefers_its_own_order_of_subprotocols() {
    let mut headers = headers(&[("sec-websocket-protocol", "one , two")]);
    headers.append("sec-websocket-protocol", HeaderValue::from_static("three"));
    let offer = read(&headers).unwrap();
    assert_eq!(offer.subprotocols(), ["one", "two", "three"]);
    let config = Config::default().subprotocol("zero").subprotocol("three").subprotocol("one");
    let accepted = offer.accept(&config).unwrap();
    assert_eq!(accepted.headers["sec-websocket-protocol"], "three");
    assert_eq!(accepted.agreement.subprotocol(), Some("three"));
}

#[test]
fn a_subprotocol_that_was_not_offered_is_not_chosen() {
    let headers = headers(&[("sec-websocket-protocol", "one")]);
    for chosen in [None, Some("two")] {
        let accepted = read(&headers).unwrap().accept_as(chosen, &Config::default()).unwrap();
        assert!(!accepted.headers.contains_key("sec-websocket-protocol"));
        assert_eq!(accepted.agreement.subprotocol(), None);
    }
}

#[test]
fn an_extended_connect_has_neither_key_nor_upgrade() {
    let uri: Uri = "https://example.com/chat".parse().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    headers.insert("origin", HeaderValue::from_static("https://example.com"));
    let offer = Offer::read_connect("websocket", &uri, &headers).unwrap();
    let accepted = offer.accept(&Config::default()).unwrap();
    assert_eq!(accepted.status, StatusCode::OK);
    assert!(accepted.headers.is_empty());
    let other = Offer::read_connect("connect-udp", &uri, &headers);
    assert_eq!(other.err(), Some(Refusal::Protocol));
    let old = Offer::read_connect("websocket", &uri, &HeaderMap::new());
    assert_eq!(old.err(), Some(Refusal::Version));
}
