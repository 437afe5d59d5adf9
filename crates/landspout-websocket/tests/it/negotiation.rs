//! What the two sides agree on about compression (RFC 7692 §5, §7.1).

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use landspout_websocket::{Config, DeflateConfig, HandshakeError, Offer, Opening};

/// The server's answer to some lines of the extensions header.
fn answer(config: &DeflateConfig, lines: &[&'static str]) -> Option<String> {
    let config = Config::default().deflate(config.clone());
    let mut headers = Opening::new(&Config::default()).headers();
    for line in lines {
        headers.append("sec-websocket-extensions", HeaderValue::from_static(line));
    }
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    let accepted = offer.accept(&config).unwrap();
    let answer = accepted.headers.get("sec-websocket-extensions");
    assert_eq!(accepted.agreement.is_compressed(), answer.is_some());
    answer.map(|answer| answer.to_str().unwrap().to_owned())
}

#[track_caller]
fn check(config: &DeflateConfig, offer: &'static str, expected: Option<&str>) {
    assert_eq!(answer(config, &[offer]).as_deref(), expected, "{offer}");
}

const NONE_KEPT: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[test]
fn contexts_are_not_kept_by_default() {
    let config = DeflateConfig::default();
    check(&config, "permessage-deflate", Some(NONE_KEPT));
    check(&config, "permessage-deflate; client_max_window_bits", Some(NONE_KEPT));
}

#[test]
fn contexts_are_kept_by_choice_unless_the_client_asks_otherwise() {
    let config = DeflateConfig::default().context_takeover(true);
    check(&config, "permessage-deflate", Some("permessage-deflate"));
    check(
        &config,
        "permessage-deflate; server_no_context_takeover",
        Some("permessage-deflate; server_no_context_takeover"),
    );
    check(
        &config,
        "permessage-deflate; client_no_context_takeover",
        Some("permessage-deflate; client_no_context_takeover"),
    );
}

#[test]
fn contexts_are_kept_within_a_budget() {
    let config = DeflateConfig::default().context_takeover(true).max_contexts(0);
    check(&config, "permessage-deflate", Some(NONE_KEPT));
}

#[test]
fn the_smaller_window_is_taken() {
    let config = DeflateConfig::default().context_takeover(true);
    let with = |bits| Some(format!("permessage-deflate; server_max_window_bits={bits}"));
    let small = config.clone().window_bits(11);
    check(&config, "permessage-deflate; server_max_window_bits=10", with(10).as_deref());
    check(&small, "permessage-deflate; server_max_window_bits=10", with(10).as_deref());
    check(&small, "permessage-deflate; server_max_window_bits=12", with(11).as_deref());
    check(&small, "permessage-deflate", with(11).as_deref());
    check(&config, "permessage-deflate; server_max_window_bits=\"10\"", with(10).as_deref());
}

#[test]
fn the_clients_window_is_limited_only_if_it_offers_that() {
    let config = DeflateConfig::default().context_takeover(true);
    let with = |bits| Some(format!("permessage-deflate; client_max_window_bits={bits}"));
    let small = config.clone().peer_window_bits(10);
    check(&small, "permessage-deflate", Some("permessage-deflate"));
    check(&small, "permessage-deflate; client_max_window_bits", with(10).as_deref());
    check(&small, "permessage-deflate; client_max_window_bits=9", with(9).as_deref());
    check(&config, "permessage-deflate; client_max_window_bits=8", with(8).as_deref());
    check(&config, "permessage-deflate; client_max_window_bits", Some("permessage-deflate"));
}

#[test]
fn wrong_offers_are_declined() {
    for offer in [
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "x-webkit-deflate-frame",
    ] {
        check(&DeflateConfig::default(), offer, None);
    }
}

#[test]
fn a_window_of_eight_bits_is_declined_because_the_engine_cannot_compress_to_it() {
    check(&DeflateConfig::default(), "permessage-deflate; server_max_window_bits=8", None);
}

#[test]
fn the_first_offer_that_can_be_accepted_is() {
    let config = DeflateConfig::default().context_takeover(true);
    let lists = [
        &["permessage-deflate; server_max_window_bits=8, permessage-deflate"][..],
        &["x-other, permessage-deflate; unknown", "permessage-deflate"],
        &["permessage-deflate, permessage-deflate; server_no_context_takeover"],
    ];
    for lines in lists {
        assert_eq!(answer(&config, lines).as_deref(), Some("permessage-deflate"));
    }
}

#[test]
fn a_server_that_does_not_compress_answers_nothing() {
    let mut headers = Opening::new(&Config::default()).headers();
    headers.insert("sec-websocket-extensions", HeaderValue::from_static("permessage-deflate"));
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    assert!(
        !offer.accept(&Config::default()).unwrap().headers.contains_key("sec-websocket-extensions")
    );
}

#[test]
fn an_offer_can_be_read_without_its_extensions() {
    let config = Config::default().deflate(DeflateConfig::default());
    let headers = Opening::new(&config).headers();
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    let accepted = offer.without_extensions().accept(&config).unwrap();
    assert!(!accepted.agreement.is_compressed());
}

/// What a client makes of an answer to its offer.
fn confirm(config: DeflateConfig, answer: &'static str) -> Result<bool, HandshakeError> {
    let config = Config::default().deflate(config);
    let opening = Opening::new(&config);
    let mut headers: HeaderMap = Offer::read(&Method::GET, Version::HTTP_11, &opening.headers())
        .unwrap()
        .without_extensions()
        .accept(&config)
        .unwrap()
        .headers;
    if !answer.is_empty() {
        headers.insert("sec-websocket-extensions", HeaderValue::from_static(answer));
    }
    let agreement = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &headers)?;
    Ok(agreement.is_compressed())
}

#[test]
fn a_client_takes_right_answers_and_no_others() {
    let takeover = DeflateConfig::default().context_takeover(true);
    for (config, answer, expected) in [
        (DeflateConfig::default(), NONE_KEPT, Some(true)),
        (DeflateConfig::default(), "", Some(false)),
        (DeflateConfig::default(), "permessage-deflate; server_no_context_takeover", Some(true)),
        (DeflateConfig::default(), "permessage-deflate", None),
        (takeover.clone(), "permessage-deflate", Some(true)),
        (takeover.clone(), "permessage-deflate; server_max_window_bits=9", Some(true)),
        (takeover.clone(), "permessage-deflate; client_max_window_bits=8", Some(true)),
        (takeover.clone(), "permessage-deflate; client_max_window_bits", None),
        (takeover.clone(), "permessage-deflate; unknown", None),
        (takeover.clone(), "permessage-deflate, permessage-deflate", None),
        (takeover.clone(), "x-other", None),
        (takeover.clone().peer_window_bits(10), "permessage-deflate", None),
        (
            takeover.peer_window_bits(10),
            "permessage-deflate; server_max_window_bits=10",
            Some(true),
        ),
    ] {
        assert_eq!(confirm(config, answer).ok(), expected, "{answer}");
    }
}
