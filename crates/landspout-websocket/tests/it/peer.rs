//! The other side, written as plainly as can be: frames byte by byte, and whatever is wrong.

use landspout_websocket::{Agreement, Config, Event, Protocol, ProtocolError, Role};

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

/// A frame as a client sends it; `first` is opcode and flags.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [7, 77, 177, 207];
    let mut bytes = head(first, 0x80, payload.len());
    bytes.extend(key);
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// A frame as a server sends it.
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [head(first, 0, payload.len()), payload.to_vec()].concat()
}

fn head(first: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match len {
        0..=125 => bytes.push(mask | len as u8),
        126..=0xFFFF => {
            bytes.push(mask | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes
}

/// A server without extensions.
pub(crate) fn server(config: &Config) -> Protocol {
    Protocol::new(Agreement::plain(Role::Server), config)
}

/// A client without extensions.
pub(crate) fn client(config: &Config) -> Protocol {
    Protocol::new(Agreement::plain(Role::Client), config)
}

/// All that some bytes give, and the error that ends them.
pub(crate) fn events(protocol: &mut Protocol, bytes: &[u8]) -> (Vec<Event>, Option<ProtocolError>) {
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        match protocol.receive(rest) {
            Ok(received) => {
                rest = &mut rest[received.used..];
                events.extend(received.event);
            }
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

/// The error that a server finds in some bytes from a client.
#[track_caller]
pub(crate) fn refused(bytes: &[u8]) -> ProtocolError {
    events(&mut server(&Config::default()), bytes).1.expect("the bytes are refused")
}

/// The events that a server finds in some bytes from a client.
#[track_caller]
pub(crate) fn taken(bytes: &[u8]) -> Vec<Event> {
    let (events, error) = events(&mut server(&Config::default()), bytes);
    assert_eq!(error, None);
    events
}
