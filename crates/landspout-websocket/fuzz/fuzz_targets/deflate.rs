//! Any bytes as a compressed message, with contexts kept and without; and any message there
//! and back.
#![no_main]

use http::{Method, StatusCode, Version};
use landspout_websocket::{Config, DeflateConfig, Event, Message, Offer, Opening, Protocol};
use libfuzzer_sys::fuzz_target;

fn pair(takeover: bool) -> (Protocol, Protocol) {
    let deflate = DeflateConfig::default().threshold(0).context_takeover(takeover);
    let config = Config::default().max_message(1 << 16).deflate(deflate);
    let opening = Opening::new(&config);
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &opening.headers()).unwrap();
    let accepted = offer.accept(&config).unwrap();
    let client = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &accepted.headers).unwrap();
    (Protocol::new(client, &config), Protocol::new(accepted.agreement, &config))
}

fuzz_target!(|input: (bool, &[u8])| {
    let (takeover, bytes) = input;
    if bytes.len() > 60_000 {
        return;
    }
    let (mut client, mut server) = pair(takeover);
    let message = Message::from(bytes.to_vec());
    for _ in 0..2 {
        let mut frame = Vec::new();
        client.send(&message, &mut frame).unwrap();
        let received = server.receive(&mut frame).unwrap();
        assert_eq!(received.event, Some(Event::Message(message.clone())));
    }
    let mut raw = vec![0xC2, 0x80 | 126];
    raw.extend((bytes.len() as u16).to_be_bytes());
    raw.extend([0; 4]);
    raw.extend(bytes);
    let _ = server.receive(&mut raw);
});
