//! Any split of the bytes gives the same events.

use crate::peer::{events, masked, server};
use landspout_websocket::{Config, Event, Protocol, ProtocolError};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

/// A frame, right or wrong: mostly right.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop_oneof![
            proptest::strategy::Just(0x81_u8), proptest::strategy::Just(0x01),
            proptest::strategy::Just(0x82), proptest::strategy::Just(0x02),
            proptest::strategy::Just(0x00), proptest::strategy::Just(0x80),
            proptest::strategy::Just(0x89), proptest::strategy::Just(0x8A),
        ],
        1 => proptest::strategy::Just(0x88_u8),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        "[a-zä€𝄞]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..140),
    ];
    (first, payload).prop_map(|(first, payload)| masked(first, &payload))
}

/// The events when the bytes come in pieces of these lengths, over and over.
fn in_pieces(
    protocol: &mut Protocol,
    mut bytes: &[u8],
    lengths: &[usize],
) -> (Vec<Event>, Option<ProtocolError>) {
    let mut all = Vec::new();
    for length in lengths.iter().cycle() {
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        bytes = rest;
        let (some, error) = events(protocol, piece);
        all.extend(some);
        if error.is_some() || bytes.is_empty() {
            return (all, error);
        }
    }
    unreachable!("a cycle does not end")
}

proptest! {
    #[test]
    fn events_do_not_depend_on_the_split(
        frames in prop::collection::vec(frame(), 0..12),
        lengths in prop::collection::vec(1_usize..50, 1..8),
    ) {
        let config = Config::default().max_message(400).max_fragments(4);
        let bytes = frames.concat();
        let whole = events(&mut server(&config), &bytes);
        assert_eq!(in_pieces(&mut server(&config), &bytes, &lengths), whole);
        assert_eq!(in_pieces(&mut server(&config), &bytes, &[1]), whole);
    }
}
