//! The client's side of the handshake.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use landspout_websocket::{Config, HandshakeError, Offer, Opening, Role};

/// An opening and a server's right answer to it.
fn answered(config: &Config) -> (Opening, HeaderMap) {
    let opening = Opening::new(config);
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &opening.headers()).unwrap();
    (opening, offer.accept(config).unwrap().headers)
}

#[track_caller]
fn check(name: &'static str, value: Option<&'static str>, expected: &HandshakeError) {
    let (opening, mut headers) = answered(&Config::default().subprotocol("chat"));
    match value {
        Some(value) => drop(headers.insert(name, HeaderValue::from_static(value))),
        None => drop(headers.remove(name)),
    }
    let error = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &headers).unwrap_err();
    assert_eq!(error.to_string(), expected.to_string());
}

#[test]
fn a_right_answer_makes_a_client() {
    let (opening, headers) = answered(&Config::default().subprotocol("chat"));
    let agreement = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &headers).unwrap();
    assert_eq!(agreement.role(), Role::Client);
    assert_eq!(agreement.subprotocol(), Some("chat"));
    assert!(!agreement.is_compressed());
}

#[test]
fn keys_are_never_the_same() {
    let key = || Opening::new(&Config::default()).headers()["sec-websocket-key"].clone();
    assert_ne!(key(), key());
}

#[test]
fn each_wrong_answer_has_its_error() {
    check("upgrade", None, &HandshakeError::Upgrade);
    check("upgrade", Some("h2c"), &HandshakeError::Upgrade);
    check("connection", Some("close"), &HandshakeError::Upgrade);
    check("sec-websocket-accept", None, &HandshakeError::Accept);
    check("sec-websocket-accept", Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), &HandshakeError::Accept);
    check("sec-websocket-protocol", Some("other"), &HandshakeError::Subprotocol);
    check("sec-websocket-extensions", Some("x-unknown"), &HandshakeError::Extension);
}

#[test]
fn another_status_is_an_error_that_tells_it() {
    let (opening, headers) = answered(&Config::default());
    let error = opening.finish(StatusCode::FOUND, &headers).unwrap_err();
    assert!(matches!(error, HandshakeError::Status(StatusCode::FOUND)));
}

#[test]
fn a_server_may_choose_no_subprotocol() {
    let (opening, mut headers) = answered(&Config::default().subprotocol("chat"));
    headers.remove("sec-websocket-protocol");
    let agreement = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &headers).unwrap();
    assert_eq!(agreement.subprotocol(), None);
}

#[test]
fn an_extended_connect_is_accepted_by_any_2xx() {
    let config = Config::default();
    let opening = Opening::over_connect(&config);
    let headers = opening.headers();
    assert!(!headers.contains_key("sec-websocket-key"));
    assert!(!headers.contains_key("upgrade"));
    let uri = Uri::from_static("https://example.com/");
    let accepted = Offer::read_connect("websocket", &uri, &headers).unwrap().accept(&config);
    let accepted = accepted.unwrap();
    assert!(opening.finish(accepted.status, &accepted.headers).is_ok());
    let error = Opening::over_connect(&config).finish(StatusCode::FORBIDDEN, &headers);
    assert!(matches!(error, Err(HandshakeError::Status(_))));
}

#[test]
fn what_is_no_token_is_not_offered() {
    let config = Config::default().subprotocol("a b").subprotocol("a,b").subprotocol("fine");
    let headers = Opening::new(&config).headers();
    let offered: Vec<_> = headers.get_all("sec-websocket-protocol").iter().collect();
    assert_eq!(offered, ["fine"]);
}
