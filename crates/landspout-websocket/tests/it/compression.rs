//! Compressed messages (RFC 7692 §6, §7.2).

use crate::peer::{FIN, PING, RSV1, TEXT, events, masked};
use http::{HeaderValue, Method, StatusCode, Version};
use landspout_websocket::{
    Agreement, Config, DeflateConfig, Event, Message, Offer, Opening, Protocol, ProtocolError,
};
use proptest::prelude::{any, prop, proptest};

/// What a client and a server with these settings agree on.
fn agree(client: &Config, server: &Config) -> (Agreement, Agreement) {
    let opening = Opening::new(client);
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &opening.headers()).unwrap();
    let accepted = offer.accept(server).unwrap();
    let client = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &accepted.headers).unwrap();
    (client, accepted.agreement)
}

fn pair(config: &DeflateConfig) -> (Protocol, Protocol) {
    let config = Config::default().deflate(config.clone());
    let (client, server) = agree(&config, &config);
    (Protocol::new(client, &config), Protocol::new(server, &config))
}

/// A server that agreed on compression; with contexts kept or not.
fn server(takeover: bool, config: Config) -> Protocol {
    let config = config.deflate(DeflateConfig::default().context_takeover(takeover));
    let mut headers = Opening::new(&Config::default()).headers();
    headers.insert("sec-websocket-extensions", HeaderValue::from_static("permessage-deflate"));
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    Protocol::new(offer.accept(&config).unwrap().agreement, &config)
}

/// The bytes of a message, which the receiver reads back from them.
#[track_caller]
fn travel(sender: &mut Protocol, receiver: &mut Protocol, message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    sender.send(message, &mut bytes).unwrap();
    assert_eq!(events(receiver, &bytes), (vec![Event::Message(message.clone())], None));
    bytes
}

fn json(number: usize) -> Message {
    Message::from(format!(r#"{{"id":{number},"name":"a name","tags":["x","y"]}}"#).repeat(8))
}

#[test]
fn messages_become_smaller_in_both_directions() {
    for takeover in [false, true] {
        let (mut client, mut server) = pair(&DeflateConfig::default().context_takeover(takeover));
        for number in 0..20 {
            let message = json(number);
            let up = travel(&mut client, &mut server, &message);
            let down = travel(&mut server, &mut client, &message);
            assert!(up.len() < message.len() / 2 && down.len() < message.len() / 2);
            assert_eq!((up[0], down[0]), (FIN | RSV1 | TEXT, FIN | RSV1 | TEXT));
        }
    }
}

#[test]
fn a_kept_context_makes_the_second_message_smaller_than_the_first() {
    let (mut client, mut server) = pair(&DeflateConfig::default().context_takeover(true));
    let first = travel(&mut client, &mut server, &json(1)).len();
    let second = travel(&mut client, &mut server, &json(1)).len();
    assert!(second * 2 < first, "{first} {second}");
}

#[test]
fn what_does_not_become_smaller_and_what_is_small_goes_as_it_is() {
    let (mut client, mut server) = pair(&DeflateConfig::default().threshold(100));
    let mut number = 1_u32;
    let noise: Vec<u8> = (0..1000)
        .map(|_| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        })
        .collect();
    assert_eq!(travel(&mut client, &mut server, &Message::from(noise))[0] & RSV1, 0);
    assert_eq!(travel(&mut client, &mut server, &Message::from("x".repeat(99)))[0] & RSV1, 0);
    assert_eq!(travel(&mut client, &mut server, &Message::from("x".repeat(100)))[0] & RSV1, RSV1);
    let (mut client, mut server) = pair(&DeflateConfig::default().threshold(0));
    travel(&mut client, &mut server, &Message::from(""));
}

#[test]
fn noise_does_not_spoil_a_kept_context() {
    let (mut client, mut server) =
        pair(&DeflateConfig::default().context_takeover(true).threshold(0));
    let noise: Vec<u8> = (0..3000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
    for message in [json(1), Message::from(noise), json(2), Message::from("x"), json(3)] {
        travel(&mut client, &mut server, &message);
    }
}

#[test]
fn every_window_size_works() {
    for bits in 9..=15 {
        for takeover in [false, true] {
            let config = DeflateConfig::default()
                .window_bits(bits)
                .peer_window_bits(bits)
                .context_takeover(takeover);
            let (mut client, mut server) = pair(&config);
            for number in 0..40 {
                travel(&mut client, &mut server, &Message::from(format!("{number:>3000}")));
                travel(&mut server, &mut client, &json(number));
            }
        }
    }
}

#[test]
fn the_examples_of_rfc_7692_are_read() {
    // §7.2.3.1 to §7.2.3.5: one block, two fragments, a shared window, a stored block, BFINAL.
    let hello = Event::Message(Message::from("Hello"));
    let compressed = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let one = |payload: &[u8]| masked(FIN | RSV1 | TEXT, payload);
    for bytes in [
        one(&compressed),
        [masked(RSV1 | TEXT, &compressed[..3]), masked(FIN, &compressed[3..])].concat(),
        one(&[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]),
        one(&[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]),
        one(&[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]),
    ] {
        for takeover in [false, true] {
            let mut server = server(takeover, Config::default());
            for _ in 0..3 {
                assert_eq!(events(&mut server, &bytes), (vec![hello.clone()], None));
            }
        }
    }
    let second = one(&[0xF2, 0x00, 0x11, 0x00, 0x00]);
    let mut with = server(true, Config::default());
    events(&mut with, &one(&compressed));
    assert_eq!(events(&mut with, &second), (vec![hello], None));
    let mut without = server(false, Config::default());
    events(&mut without, &one(&compressed));
    assert_eq!(events(&mut without, &second).1, Some(ProtocolError::Deflate));
}

#[test]
fn a_kept_context_outlives_a_final_block() {
    let mut server = server(true, Config::default());
    let hello = Event::Message(Message::from("Hello"));
    let last = masked(FIN | RSV1 | TEXT, &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]);
    let reference = masked(FIN | RSV1 | TEXT, &[0xF2, 0x00, 0x11, 0x00, 0x00]);
    assert_eq!(events(&mut server, &last), (vec![hello.clone()], None));
    assert_eq!(events(&mut server, &reference), (vec![hello], None));
}

#[test]
fn the_bit_stands_on_the_first_frame_of_a_message_only() {
    let compressed = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    for bytes in [
        [masked(RSV1 | TEXT, &compressed), masked(FIN | RSV1, b"")].concat(),
        masked(FIN | RSV1 | PING, b""),
        masked(FIN | 0x20 | TEXT, b""),
    ] {
        let mut server = server(false, Config::default());
        assert_eq!(events(&mut server, &bytes).1, Some(ProtocolError::ReservedBits));
    }
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let (mut client, _) = pair(&DeflateConfig::default());
    let mut bytes = Vec::new();
    client.send(&Message::from("x".repeat(4 << 20)), &mut bytes).unwrap();
    assert!(bytes.len() < 10_000);
    let mut small = server(false, Config::default());
    assert_eq!(events(&mut small, &bytes).1, Some(ProtocolError::MessageTooBig));
    let mut large = server(false, Config::default().max_message(4 << 20));
    assert_eq!(events(&mut large, &bytes).1, None);
}

#[test]
fn what_decompresses_to_wrong_text_is_refused() {
    // A stored block with one byte that is not UTF-8.
    let bytes = masked(FIN | RSV1 | TEXT, &[0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00]);
    let mut server = server(false, Config::default());
    assert_eq!(events(&mut server, &bytes).1, Some(ProtocolError::Utf8));
}

#[test]
fn plain_messages_may_come_between_compressed_ones() {
    let (mut client, mut server) =
        pair(&DeflateConfig::default().context_takeover(true).threshold(50));
    for message in [json(1), Message::from("short"), json(1), Message::from("short")] {
        travel(&mut client, &mut server, &message);
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        takeover: bool,
    ) {
        let mut server = server(takeover, Config::default());
        for _ in 0..2 {
            events(&mut server, &masked(FIN | RSV1 | TEXT, &payload));
        }
    }

    #[test]
    fn anything_travels(
        messages in prop::collection::vec(prop::collection::vec(0_u8..4, 0..3000), 1..6),
        takeover: bool,
        level in 0_u8..12,
        mem_level in 0_u8..12,
    ) {
        let config = DeflateConfig::default()
            .context_takeover(takeover)
            .threshold(0)
            .level(level)
            .mem_level(mem_level);
        let (mut client, mut server) = pair(&config);
        for message in messages {
            travel(&mut client, &mut server, &Message::from(message.clone()));
            travel(&mut server, &mut client, &Message::from(message));
        }
    }
}
