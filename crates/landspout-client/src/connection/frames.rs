//! The frames of an HTTP/2 server, as their bytes come (RFC 9113 §4.1).

/// Interim answers that are passed over before the answer proper, as over HTTP/1.1.
const MAX_INTERIM: u32 = 10;

/// Streams whose heads are counted at a time. A client has far fewer open; those that it took back
/// may be answered all the same, and then nothing tells that they ended.
const MAX_BEGUN: usize = 1024;

/// Bytes of a frame before its payload.
const HEAD: usize = 9;

/// Bytes of one setting: its number, and its value.
const SETTING: usize = 6;

/// What a server says, as far as the library that speaks HTTP/2 does not tell of it: its settings
/// at the moment they come, how long its heads are, and how many it sends for one answer.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The head of the current frame, as far as it has come.
    head: [u8; HEAD],
    head_len: usize,
    /// Bytes of its payload that are still to come.
    left: usize,
    /// The current setting, as far as it has come.
    setting: [u8; SETTING],
    setting_len: usize,
    /// Streams whose answer has not come to its body, and how many heads they have had: an interim
    /// answer (1xx) is a head that does not end its stream, and no body follows it.
    begun: Vec<(u32, u32)>,
}

/// What there is to say of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// A head begins, of so many bytes.
    Head(usize),
    /// It is so many bytes longer.
    HeadGoesOn(usize),
    /// There were too many interim answers.
    Flood,
    /// A setting, by its number (RFC 9113 §6.5.2).
    Setting(u16, u32),
    /// That were all settings.
    Settled,
}

impl Frames {
    /// Reads on.
    pub(super) fn read(&mut self, mut bytes: &[u8], mut notice: impl FnMut(Notice)) {
        while !bytes.is_empty() {
            if self.head_len < HEAD {
                let len = bytes.len().min(HEAD - self.head_len);
                self.head[self.head_len..][..len].copy_from_slice(&bytes[..len]);
                self.head_len += len;
                bytes = &bytes[len..];
                if self.head_len < HEAD {
                    return;
                }
                self.begin(&mut notice);
            } else {
                let len = bytes.len().min(self.left);
                if self.is_settings() {
                    self.settings(&bytes[..len], &mut notice);
                }
                self.left -= len;
                bytes = &bytes[len..];
            }
            if self.left == 0 {
                self.head_len = 0;
                if self.is_settings() {
                    self.setting_len = 0;
                    notice(Notice::Settled);
                }
            }
        }
    }

    fn begin(&mut self, notice: &mut impl FnMut(Notice)) {
        let [a, b, c, kind, flags, stream @ ..] = self.head;
        self.left = u32::from_be_bytes([0, a, b, c]) as usize;
        let stream = u32::from_be_bytes(stream) & (u32::MAX >> 1);
        let ends_stream = flags & 0x1 != 0;
        match kind {
            // DATA, the end of a stream by its last head, or RST_STREAM.
            0x0 | 0x3 => self.begun.retain(|&(begun, _)| begun != stream),
            0x1 => {
                notice(Notice::Head(self.left));
                if ends_stream {
                    self.begun.retain(|&(begun, _)| begun != stream);
                } else if self.count(stream) > MAX_INTERIM + 1 {
                    notice(Notice::Flood);
                }
            }
            0x9 => notice(Notice::HeadGoesOn(self.left)),
            _ => {}
        }
    }

    /// How many heads the stream has had with this one.
    fn count(&mut self, stream: u32) -> u32 {
        if let Some((_, count)) = self.begun.iter_mut().find(|(begun, _)| *begun == stream) {
            *count += 1;
            return *count;
        }
        if self.begun.len() == MAX_BEGUN {
            self.begun.remove(0);
        }
        self.begun.push((stream, 1));
        1
    }

    /// SETTINGS, and not the word that this side's were taken.
    fn is_settings(&self) -> bool {
        let [_, _, _, kind, flags, ..] = self.head;
        kind == 0x4 && flags & 0x1 == 0
    }

    fn settings(&mut self, bytes: &[u8], notice: &mut impl FnMut(Notice)) {
        for &byte in bytes {
            self.setting[self.setting_len] = byte;
            self.setting_len += 1;
            if self.setting_len == SETTING {
                self.setting_len = 0;
                let [a, b, value @ ..] = self.setting;
                let number = u16::from_be_bytes([a, b]);
                notice(Notice::Setting(number, u32::from_be_bytes(value)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Frames, MAX_BEGUN, Notice};
    use proptest::prelude::*;

    const END_STREAM: u8 = 0x1;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [len[1], len[2], len[3], kind, flags];
        [&head, &stream.to_be_bytes()[..], payload].concat()
    }

    /// What is noticed of bytes that come in pieces of this size.
    fn notices(bytes: &[u8], size: usize) -> Vec<Notice> {
        let (mut frames, mut notices) = (Frames::default(), Vec::new());
        bytes.chunks(size).for_each(|piece| frames.read(piece, |notice| notices.push(notice)));
        notices
    }

    fn floods(frames: &[Vec<u8>]) -> bool {
        notices(&frames.concat(), 7).contains(&Notice::Flood)
    }

    proptest! {
        #[test]
        fn settings_and_heads_are_noticed_in_any_pieces(size in 1..40_usize) {
            let settings = [&[0, 3, 0, 0, 0, 100][..], &[0, 8, 0, 0, 0, 1]].concat();
            let bytes = [
                frame(4, 0, 0, &settings),
                frame(4, 1, 0, &[]),
                frame(4, 0, 0, &[]),
                frame(1, 0, 1, &[0; 30]),
                frame(9, 4, 1, &[0; 20]),
                frame(0, END_STREAM, 1, &[0; 100]),
            ].concat();
            prop_assert_eq!(notices(&bytes, size), [
                Notice::Setting(3, 100),
                Notice::Setting(8, 1),
                Notice::Settled,
                Notice::Settled,
                Notice::Head(30),
                Notice::HeadGoesOn(20),
            ]);
        }

        #[test]
        fn no_bytes_make_it_panic(pieces: Vec<Vec<u8>>) {
            let mut frames = Frames::default();
            pieces.iter().for_each(|piece| frames.read(piece, |_| {}));
        }
    }

    #[test]
    fn no_server_makes_it_remember_ever_more_streams() {
        let mut frames = Frames::default();
        for stream in 0..5000 {
            frames.read(&frame(1, 0, 2 * stream + 1, &[0x88]), |_| {});
        }
        assert_eq!(frames.begun.len(), MAX_BEGUN);
        assert_eq!(frames.begun.last(), Some(&(9999, 1)));
    }

    #[test]
    fn ten_interim_answers_are_passed_over_and_eleven_are_too_many() {
        let head = |stream| frame(1, 0, stream, &[0x88]);
        let heads = |count: usize, stream| vec![head(stream); count];
        assert!(!floods(&heads(11, 1)));
        assert!(floods(&heads(12, 1)));
        // Those of two streams are counted apart, and a body or the end of a stream forgets them.
        assert!(!floods(&[heads(11, 1), heads(11, 3)].concat()));
        for last in [frame(0, 0, 1, &[]), frame(3, 0, 1, &[0; 4]), frame(1, END_STREAM, 1, &[])] {
            assert!(!floods(&[heads(11, 1), vec![last], heads(11, 1)].concat()));
        }
    }
}
