//! Any header values, on both sides.
#![no_main]

use http::{HeaderValue, Method, StatusCode, Version};
use landspout_websocket::{Config, DeflateConfig, Offer, Opening};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 7] = [
    "connection",
    "host",
    "origin",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-websocket-version",
];

fuzz_target!(|values: Vec<(u8, &[u8])>| {
    let config = Config::default().subprotocol("chat").deflate(DeflateConfig::default());
    let mut headers = Opening::new(&config).headers();
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(NAMES[usize::from(name) % NAMES.len()], value);
        }
    }
    if let Ok(offer) = Offer::read(&Method::GET, Version::HTTP_11, &headers) {
        let _ = offer.accept(&config);
    }
    let _ = Opening::over_connect(&config).finish(StatusCode::OK, &headers);
});
