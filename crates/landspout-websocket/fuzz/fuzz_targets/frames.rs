//! Any bytes: no panic, and the same events however they are cut.
#![no_main]

use landspout_websocket::{Agreement, Config, Event, Protocol, ProtocolError, Role};
use libfuzzer_sys::fuzz_target;

type Seen = (Vec<Event>, Option<ProtocolError>);

fn events(role: Role, bytes: &[u8], piece: usize) -> Seen {
    let config = Config::default().max_message(4096).max_fragments(8);
    let mut protocol = Protocol::new(Agreement::plain(role), &config);
    let mut bytes = bytes.to_vec();
    let mut events = Vec::new();
    for mut rest in bytes.chunks_mut(piece) {
        while !rest.is_empty() {
            match protocol.receive(rest) {
                Ok(received) => {
                    rest = &mut rest[received.used..];
                    events.extend(received.event);
                }
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    for role in [Role::Client, Role::Server] {
        let whole = events(role, bytes, bytes.len().max(1));
        assert_eq!(events(role, bytes, usize::from(piece).max(1)), whole);
    }
});
