//! Whether bytes that come in pieces are UTF-8.

use std::str::from_utf8;

/// Looks at pieces of a text. A character may lie across two of them.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    /// The beginning of a character, at most three bytes.
    begun: Vec<u8>,
}

impl Utf8 {
    /// Whether the text can still be UTF-8 with this piece. After a `false` nothing more is asked.
    pub(crate) fn goes_on_with(&mut self, mut piece: &[u8]) -> bool {
        while let (false, Some((first, rest))) = (self.begun.is_empty(), piece.split_first()) {
            self.begun.push(*first);
            piece = rest;
            match from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        match from_utf8(piece) {
            Ok(_) => true,
            Err(error) if error.error_len().is_none() => {
                self.begun.extend_from_slice(&piece[error.valid_up_to()..]);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether the text may end here.
    pub(crate) fn may_end(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_text<'a>(mut pieces: impl Iterator<Item = &'a [u8]>) -> bool {
        let mut text = Utf8::default();
        pieces.all(|piece| text.goes_on_with(piece)) && text.may_end()
    }

    proptest! {
        #[test]
        fn pieces_are_judged_as_the_whole_is(
            text in ".{0,12}",
            noise in prop::collection::vec(any::<u8>(), 0..3),
            at in any::<prop::sample::Index>(),
            size in 1_usize..5,
        ) {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, noise);
            prop_assert_eq!(is_text(bytes.chunks(size)), from_utf8(&bytes).is_ok());
        }
    }
}
