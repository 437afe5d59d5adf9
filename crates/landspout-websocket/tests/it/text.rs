//! Text is UTF-8, and what is not is told at once (RFC 6455 §8.1).

use crate::peer::{FIN, TEXT, masked, refused, server, taken};
use landspout_websocket::{Config, Event, Message, ProtocolError};

#[test]
fn a_character_may_be_split_between_fragments() {
    let text = "κόσμε 𝄞";
    for cut in 0..=text.len() {
        let (head, tail) = text.as_bytes().split_at(cut);
        let bytes = [masked(TEXT, head), masked(FIN, tail)].concat();
        assert_eq!(taken(&bytes), [Event::Message(Message::from(text))]);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    for wrong in [&b"\xFF"[..], b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"a\xC3"] {
        assert_eq!(refused(&masked(FIN | TEXT, wrong)), ProtocolError::Utf8);
    }
}

#[test]
fn the_first_wrong_byte_ends_the_connection_though_the_frame_has_not_ended() {
    let mut frame = masked(FIN | TEXT, &[b"fine so far \xF4\x90".as_slice(), &[b'x'; 90]].concat());
    let head = 6;
    let mut server = server(&Config::default());
    assert_eq!(server.receive(&mut frame[..head + 13]).unwrap().event, None);
    assert_eq!(server.receive(&mut frame[head + 13..head + 14]), Err(ProtocolError::Utf8));
}
