//! Which frames are taken and which refused (RFC 6455 §5.2, §5.5).

use crate::peer::{
    BINARY, CLOSE, FIN, PING, PONG, RSV1, TEXT, client, events, masked, refused, taken, unmasked,
};
use landspout_websocket::{Config, Event, Message, ProtocolError};

#[test]
fn text_and_binary_are_messages() {
    let bytes = [masked(FIN | TEXT, "grüß".as_bytes()), masked(FIN | BINARY, &[0, 255])].concat();
    assert_eq!(
        taken(&bytes),
        [Event::Message(Message::from("grüß")), Event::Message(Message::from(vec![0, 255]))]
    );
}

#[test]
fn pings_and_pongs_carry_up_to_125_bytes() {
    let payload = [b'x'; 125];
    let bytes = [masked(FIN | PING, &payload), masked(FIN | PONG, b"")].concat();
    assert_eq!(taken(&bytes), [Event::Ping(payload.to_vec().into()), Event::Pong(b""[..].into())]);
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(refused(&masked(FIN | opcode, &[b'x'; 126])), ProtocolError::LongControl);
    }
}

#[test]
fn a_control_frame_is_whole() {
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(refused(&masked(opcode, b"")), ProtocolError::FragmentedControl);
    }
}

#[test]
fn unknown_opcodes_are_refused() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(refused(&masked(FIN | opcode, b"")), ProtocolError::Opcode(opcode));
    }
}

#[test]
fn reserved_bits_are_refused() {
    for bits in 1..8 {
        for opcode in [0, TEXT, BINARY, CLOSE, PING, PONG] {
            let first = FIN | bits << 4 | opcode;
            assert_eq!(refused(&masked(first, b"")), ProtocolError::ReservedBits);
        }
    }
    assert_eq!(refused(&[FIN | RSV1 | TEXT]), ProtocolError::ReservedBits);
}

#[test]
fn a_client_masks_and_a_server_does_not() {
    assert_eq!(refused(&unmasked(FIN | TEXT, b"hello")), ProtocolError::Unmasked);
    let (_, error) = events(&mut client(&Config::default()), &masked(FIN | TEXT, b"hello"));
    assert_eq!(error, Some(ProtocolError::Masked));
    let (events, error) = events(&mut client(&Config::default()), &unmasked(FIN | TEXT, b"hello"));
    assert_eq!((events, error), (vec![Event::Message(Message::from("hello"))], None));
}

#[test]
fn a_length_is_written_as_short_as_possible() {
    assert_eq!(refused(&[FIN | TEXT, 0x80 | 126, 0, 125]), ProtocolError::Length);
    let long = [&[FIN | TEXT, 0x80 | 127][..], &0xFFFF_u64.to_be_bytes()].concat();
    assert_eq!(refused(&long), ProtocolError::Length);
    let huge = [&[FIN | TEXT, 0x80 | 127][..], &(1_u64 << 63).to_be_bytes()].concat();
    assert_eq!(refused(&huge), ProtocolError::Length);
}

#[test]
fn what_follows_a_close_frame_is_ignored() {
    let bytes = [masked(FIN | CLOSE, b""), masked(FIN | TEXT, b"late"), vec![0xFF; 9]].concat();
    assert_eq!(taken(&bytes), [Event::Close(None)]);
}

#[test]
fn what_follows_an_error_is_ignored() {
    let mut server = crate::peer::server(&Config::default());
    assert!(events(&mut server, &[0xFF]).1.is_some());
    assert_eq!(events(&mut server, &masked(FIN | TEXT, b"late")), (vec![], None));
}
