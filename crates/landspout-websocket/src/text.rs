//! Text that arrives in pieces.

use crate::error::ProtocolError;

/// A text under construction: what is not UTF-8 is told at its first wrong byte, not at the end.
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    text: String,
    /// The beginning of a character whose end has not arrived: fewer than four bytes.
    carry: [u8; 4],
    carried: u8,
}

impl TextBuilder {
    pub(crate) fn len(&self) -> usize {
        self.text.len() + usize::from(self.carried)
    }

    /// Appends a piece, which may end inside a character.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.carried > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.carry[usize::from(self.carried)] = byte;
            self.carried += 1;
            match std::str::from_utf8(&self.carry[..usize::from(self.carried)]) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.carried = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(ProtocolError::Utf8),
                Err(_) => {}
            }
        }
        match simdutf8::compat::from_utf8(piece) {
            Ok(text) => self.text.push_str(text),
            Err(error) if error.error_len().is_some() => return Err(ProtocolError::Utf8),
            Err(error) => {
                let (whole, begun) = piece.split_at(error.valid_up_to());
                let whole = simdutf8::compat::from_utf8(whole).map_err(|_| ProtocolError::Utf8)?;
                self.text.push_str(whole);
                self.carry[..begun.len()].copy_from_slice(begun);
                self.carried = begun.len() as u8;
            }
        }
        Ok(())
    }

    /// The text, if it does not end inside a character.
    pub(crate) fn finish(self) -> Result<String, ProtocolError> {
        if self.carried > 0 { Err(ProtocolError::Utf8) } else { Ok(self.text) }
    }
}

/// A text that is there at once.
#[inline]
pub(crate) fn whole(bytes: &[u8]) -> Result<String, ProtocolError> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(ProtocolError::Utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::TextBuilder;
    use proptest::prelude::{any, prop, proptest};

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            text in ".{0,10}",
            cuts in prop::collection::vec(0_usize..90, 0..6),
        ) {
            for whole in [text.as_bytes().to_vec(), [text.as_bytes(), &bytes].concat()] {
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (whole.len() + 1)).collect();
                cuts.extend([0, whole.len()]);
                cuts.sort_unstable();
                let mut builder = TextBuilder::default();
                let result = cuts
                    .windows(2)
                    .try_for_each(|cut| builder.push(&whole[cut[0]..cut[1]]))
                    .and_then(|()| builder.finish());
                assert_eq!(result.ok(), String::from_utf8(whole).ok());
            }
        }
    }

    #[test]
    fn the_first_wrong_byte_is_told() {
        let mut builder = TextBuilder::default();
        builder.push(b"\xF4").unwrap();
        assert!(builder.push(b"\x90").is_err());
    }
}
