//! Bytes from the network never panic.

use crate::peer::{client, events, server};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use landspout_websocket::{Config, Offer, Opening, WebSocket};
use proptest::prelude::{any, prop, proptest};

/// The headers of a right handshake, with one of them changed.
fn changed(mut headers: HeaderMap, which: usize, value: &[u8]) -> HeaderMap {
    const NAMES: [&str; 8] = [
        "connection",
        "upgrade",
        "host",
        "origin",
        "sec-websocket-key",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ];
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(HeaderName::from_static(NAMES[which]), value);
    }
    headers
}

/// A config that negotiates whatever can be.
fn config() -> Config {
    let config = Config::default().subprotocol("chat");
    #[cfg(feature = "deflate")]
    let config = config.deflate(landspout_websocket::DeflateConfig::default());
    config
}

proptest! {
    #[test]
    fn frames(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        events(&mut server(&Config::default()), &bytes);
        events(&mut client(&Config::default()), &bytes);
    }

    #[test]
    fn header_values(
        which in 0_usize..8,
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        text in r#"[a-z_]{0,9}([;,= "\\]|permessage-deflate|client_max_window_bits|1[0-9]?){0,9}"#,
    ) {
        let config = config();
        let headers = Opening::new(&config).headers();
        for value in [&bytes[..], text.as_bytes()] {
            let headers = changed(headers.clone(), which, value);
            if let Ok(offer) = Offer::read(&Method::GET, Version::HTTP_11, &headers) {
                let _ = offer.accept(&config);
            }
            let uri = Uri::from_static("https://example.com/");
            if let Ok(offer) = Offer::read_connect("websocket", &uri, &headers) {
                let _ = offer.accept(&config);
            }
            let opening = Opening::over_connect(&config);
            let _ = opening.finish(StatusCode::OK, &headers);
        }
    }

    #[test]
    fn heads(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[ -~\\r\\n]{0,200}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for head in [bytes, text.into_bytes()] {
                let request = [&b"GET / HTTP/1.1\r\n"[..], &head, b"\r\n\r\n"].concat();
                let stream = tokio::io::join(&request[..], tokio::io::sink());
                let _ = WebSocket::accept(stream, &Config::default()).await;
                let answer = [&b"HTTP/1.1 101 \r\n"[..], &head, b"\r\n\r\n"].concat();
                let stream = tokio::io::join(&answer[..], tokio::io::sink());
                let uri = Uri::from_static("ws://example.com/");
                let _ = WebSocket::connect(stream, &uri, &Config::default()).await;
            }
        });
    }
}
