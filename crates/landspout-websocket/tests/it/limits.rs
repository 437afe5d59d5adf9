//! Limits of what is received, and memory that follows what arrived.

use crate::peer::{BINARY, FIN, TEXT, events, masked, server};
use landspout_websocket::{Config, Error, Event, Message, ProtocolError};

#[track_caller]
fn check(config: &Config, bytes: &[u8], error: Option<ProtocolError>) {
    assert_eq!(events(&mut server(config), bytes).1, error);
}

#[test]
fn a_frame_is_judged_by_its_head() {
    let config = Config::default().max_frame(10);
    check(&config, &masked(FIN | TEXT, &[b'x'; 10]), None);
    check(&config, &masked(FIN | TEXT, &[b'x'; 11])[..6], Some(ProtocolError::FrameTooBig(11)));
}

#[test]
fn a_message_is_judged_by_the_sum_of_its_fragments() {
    let config = Config::default().max_message(10);
    for opcode in [TEXT, BINARY] {
        let fits = [masked(opcode, &[b'x'; 6]), masked(FIN, &[b'x'; 4])].concat();
        check(&config, &fits, None);
        let too_big = [masked(opcode, &[b'x'; 6]), masked(0, &[b'x'; 5])].concat();
        check(&config, &too_big[..12 + 6], Some(ProtocolError::MessageTooBig));
    }
}

#[test]
fn empty_fragments_are_counted_too() {
    let config = Config::default().max_fragments(3);
    let mut bytes = [masked(TEXT, b""), masked(0, b""), masked(0, b"")].concat();
    check(&config, &bytes, None);
    bytes.extend(masked(0, b""));
    check(&config, &bytes, Some(ProtocolError::TooManyFragments));
}

#[test]
fn control_frames_do_not_count() {
    let config = Config::default().max_frame(1).max_message(1).max_fragments(1);
    check(&config, &masked(FIN | crate::peer::PING, &[b'x'; 125]), None);
}

#[test]
fn an_announced_length_costs_no_memory() {
    let config = Config::default().max_frame(usize::MAX).max_message(usize::MAX);
    let mut head = vec![FIN | BINARY, 0x80 | 127];
    head.extend((1_u64 << 60).to_be_bytes());
    head.extend([0, 0, 0, 0, b'x']);
    assert_eq!(events(&mut server(&config), &head), (vec![], None));
    // A fragment and a frame whose sum is no number are one too many.
    let mut bytes = masked(BINARY, b"x");
    bytes.extend([FIN, 0x80 | 127]);
    bytes.extend((i64::MAX as u64).to_be_bytes());
    bytes.extend([0, 0, 0, 0]);
    let config = config.max_message(i64::MAX as usize);
    check(&config, &bytes, Some(ProtocolError::MessageTooBig));
}

#[test]
fn a_message_of_exactly_the_limit_is_taken() {
    let config = Config::default();
    let message = Message::from(vec![7; 1 << 20]);
    let mut bytes = Vec::new();
    crate::peer::client(&config).send(&message, &mut bytes).unwrap();
    assert_eq!(events(&mut server(&config), &bytes), (vec![Event::Message(message)], None));
}

#[test]
fn a_ping_of_126_bytes_is_not_sent() {
    let mut out = Vec::new();
    let result = server(&Config::default()).ping(&[0; 126], &mut out);
    assert!(matches!(result, Err(Error::ControlTooLong)));
    assert!(out.is_empty());
}
