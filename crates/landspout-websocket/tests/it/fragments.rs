//! Messages in several frames (RFC 6455 §5.4).

use crate::peer::{BINARY, FIN, PING, TEXT, masked, refused, taken};
use landspout_websocket::{Event, Message, ProtocolError};

#[test]
fn fragments_are_joined() {
    let bytes = [masked(TEXT, b"one "), masked(0, b""), masked(0, b"two "), masked(FIN, b"three")];
    assert_eq!(taken(&bytes.concat()), [Event::Message(Message::from("one two three"))]);
    let bytes = [masked(BINARY, &[1]), masked(FIN, &[2])];
    assert_eq!(taken(&bytes.concat()), [Event::Message(Message::from(vec![1, 2]))]);
}

#[test]
fn a_ping_may_come_between_fragments() {
    let bytes = [masked(TEXT, b"a"), masked(FIN | PING, b"?"), masked(FIN, b"b")].concat();
    assert_eq!(taken(&bytes), [Event::Ping(b"?"[..].into()), Event::Message(Message::from("ab"))]);
}

#[test]
fn a_continuation_continues_something() {
    assert_eq!(refused(&masked(FIN, b"x")), ProtocolError::Continuation);
    let after = [masked(FIN | TEXT, b"whole"), masked(0, b"x")].concat();
    assert_eq!(refused(&after), ProtocolError::Continuation);
}

#[test]
fn a_message_does_not_begin_inside_another() {
    for opcode in [TEXT, BINARY] {
        let bytes = [masked(TEXT, b"a"), masked(FIN | opcode, b"b")].concat();
        assert_eq!(refused(&bytes), ProtocolError::Interleaved);
    }
}

#[test]
fn an_empty_message_in_fragments_is_empty() {
    let bytes = [masked(TEXT, b""), masked(0, b""), masked(FIN, b"")].concat();
    assert_eq!(taken(&bytes), [Event::Message(Message::from(""))]);
}
