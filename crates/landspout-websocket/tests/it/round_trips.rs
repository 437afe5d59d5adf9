//! What one side sends is what the other receives, and a naive reader reads it too.

use crate::peer::{client, events, server};
use landspout_websocket::{Config, Event, Message, Protocol};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        ".{0,200}".prop_map(Message::from),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Message::from),
        (65_530_usize..65_545).prop_map(|len| Message::from(vec![b'x'; len])),
    ]
}

/// The payloads of unfragmented frames, read in the order of RFC 6455 §5.2's picture.
fn naive(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (len, mut rest) = match second & 0x7F {
            126 => (usize::from(u16::from_be_bytes(rest[..2].try_into().unwrap())), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            len => (usize::from(len), rest),
        };
        let mut key = [0; 4];
        if second & 0x80 != 0 {
            key.copy_from_slice(&rest[..4]);
            rest = &rest[4..];
        }
        let payload = rest[..len].iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]);
        frames.push((*first, payload.collect()));
        bytes = &rest[len..];
    }
    frames
}

fn check(sender: &mut Protocol, receiver: &mut Protocol, messages: &[Message]) {
    let mut bytes = Vec::new();
    for message in messages {
        sender.send(message, &mut bytes).unwrap();
    }
    let expected: Vec<Event> = messages.iter().cloned().map(Event::Message).collect();
    assert_eq!(events(receiver, &bytes), (expected, None));
    let frames = messages.iter().map(|message| {
        let opcode = if message.as_text().is_some() { 0x81 } else { 0x82 };
        (opcode, message.as_bytes().to_vec())
    });
    assert_eq!(naive(&bytes), frames.collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn messages_arrive(messages in prop::collection::vec(message(), 0..6)) {
        let config = Config::default();
        check(&mut client(&config), &mut server(&config), &messages);
        check(&mut server(&config), &mut client(&config), &messages);
    }

    #[test]
    fn pings_and_pongs_arrive(payload in prop::collection::vec(any::<u8>(), 0..=125)) {
        let (mut client, mut server) = (client(&Config::default()), server(&Config::default()));
        let mut bytes = Vec::new();
        client.ping(&payload, &mut bytes).unwrap();
        client.pong(&payload, &mut bytes).unwrap();
        let expected = vec![Event::Ping(payload.clone().into()), Event::Pong(payload.into())];
        assert_eq!(events(&mut server, &bytes), (expected, None));
    }
}
