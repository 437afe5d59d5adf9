//! Close frames (RFC 6455 §5.5.1, §7.4).

use crate::peer::{CLOSE, FIN, client, events, masked, refused, server, taken};
use landspout_websocket::{CloseCode, CloseFrame, Config, Error, Event, Message, ProtocolError};

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    masked(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[test]
fn exactly_the_codes_that_may_be_sent_are_taken() {
    for code in 0..=5100 {
        let bytes = close(code, b"");
        match CloseCode::new(code) {
            Some(code) => {
                assert_eq!(taken(&bytes), [Event::Close(Some(CloseFrame::new(code, "")))]);
            }
            None => assert_eq!(refused(&bytes), ProtocolError::CloseCode(code)),
        }
    }
    let valid = |code: &u16| CloseCode::new(*code).is_some();
    assert_eq!((0..3000).filter(valid).count(), 12);
    assert_eq!((3000..=u16::MAX).filter(valid).count(), 2000);
}

#[test]
fn a_close_frame_may_be_empty_but_not_half_a_code() {
    assert_eq!(taken(&masked(FIN | CLOSE, b"")), [Event::Close(None)]);
    assert_eq!(refused(&masked(FIN | CLOSE, b"\x03")), ProtocolError::CloseLength);
}

#[test]
fn a_reason_is_utf8() {
    assert_eq!(
        taken(&close(1000, "tschüß".as_bytes())),
        [Event::Close(Some(CloseFrame::new(CloseCode::NORMAL, "tschüß")))]
    );
    assert_eq!(refused(&close(1000, b"\xFF")), ProtocolError::Utf8);
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let frame = CloseFrame::new(CloseCode::POLICY, "€".repeat(60));
    assert_eq!(frame.reason().len(), 123);
    let mut bytes = Vec::new();
    client(&Config::default()).close(Some(&frame), &mut bytes).unwrap();
    assert_eq!(events(&mut server(&Config::default()), &bytes).0, [Event::Close(Some(frame))]);
}

#[test]
fn nothing_is_sent_after_a_close_frame() {
    let (mut server, mut bytes) = (server(&Config::default()), Vec::new());
    server.close(None, &mut bytes).unwrap();
    assert!(server.is_close_sent());
    for result in [
        server.send(&Message::from("late"), &mut bytes),
        server.ping(b"", &mut bytes),
        server.close(None, &mut bytes),
    ] {
        assert!(matches!(result, Err(Error::Closed)));
    }
    assert_eq!(bytes, [0x88, 0]);
}

#[test]
fn each_error_has_the_code_that_it_is_reported_by() {
    for (error, code) in [
        (ProtocolError::Unmasked, 1002),
        (ProtocolError::Utf8, 1007),
        (ProtocolError::Deflate, 1007),
        (ProtocolError::TooManyFragments, 1008),
        (ProtocolError::FrameTooBig(1), 1009),
        (ProtocolError::MessageTooBig, 1009),
    ] {
        assert_eq!(error.close_code().get(), code);
    }
}
