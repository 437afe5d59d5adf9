//! WebSocket frames (RFC 6455 section 5.2), as much of them as a load needs.

/// A text message as a client sends it, masked with a fixed key.
pub(crate) fn masked_text(payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x5a, 0x13, 0xc7, 0x2e];
    let mut frame = head(payload.len(), 0x80);
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A text message as a server sends it.
pub(crate) fn plain_text(payload: &[u8]) -> Vec<u8> {
    let mut frame = head(payload.len(), 0);
    frame.extend(payload);
    frame
}

fn head(len: usize, mask: u8) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    match len {
        0..126 => vec![FINAL_TEXT, mask | len as u8],
        126..0x1_0000 => {
            let [high, low] = (len as u16).to_be_bytes();
            vec![FINAL_TEXT, mask | 126, high, low]
        }
        _ => {
            let mut head = vec![FINAL_TEXT, mask | 127];
            head.extend((len as u64).to_be_bytes());
            head
        }
    }
}

/// The length of the frame that a server's bytes begin with, once they tell it.
pub(crate) fn len(buf: &[u8]) -> Option<usize> {
    let short = usize::from(buf.get(1)? & 0x7f);
    match short {
        126 => Some(4 + usize::from(u16::from_be_bytes([*buf.get(2)?, *buf.get(3)?]))),
        127 => {
            let len: [u8; 8] = buf.get(2..10)?.try_into().ok()?;
            Some(10 + usize::try_from(u64::from_be_bytes(len)).ok()?)
        }
        _ => Some(2 + short),
    }
}

/// Whether a frame asks if the other side is there.
pub(crate) fn is_ping(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 0x0f == 0x9)
}

#[cfg(test)]
mod tests {
    use super::{is_ping, len, masked_text, plain_text};

    #[test]
    fn a_ping_is_told_from_a_message() {
        assert!(is_ping(&[0x89, 0]));
        assert!(!is_ping(&plain_text(b"Hello")));
    }

    #[test]
    fn a_frame_tells_its_length() {
        for size in [0, 1, 125, 126, 128, 0xffff, 0x1_0000] {
            let frame = plain_text(&vec![b'x'; size]);
            assert_eq!(len(&frame), Some(frame.len()), "{size}");
            assert_eq!(masked_text(&vec![b'x'; size]).len(), frame.len() + 4, "{size}");
        }
        assert_eq!(len(&[0x81]), None);
        assert_eq!(len(&[0x81, 126, 0]), None);
    }

    #[test]
    fn a_masked_message_is_that_of_the_standard() {
        // The key of RFC 6455 section 5.7 is another; unmasking gives the payload back.
        let frame = masked_text(b"Hello");
        let key = [frame[2], frame[3], frame[4], frame[5]];
        let text: Vec<u8> = frame[6..].iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
        assert_eq!((&frame[..2], &text[..]), (&[0x81, 0x85][..], &b"Hello"[..]));
    }
}
