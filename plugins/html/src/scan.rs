//! Looking through texts: whether there is anything to see, and where the next byte is that matters.

/// Whether there is nothing to see. The first character tells, mostly.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Some of the bytes that there are.
pub(crate) struct Bytes([bool; 256]);

impl Bytes {
    /// All bytes of the list.
    pub(crate) const fn of(list: &[u8]) -> Self {
        let mut all = [false; 256];
        let mut rest = list;
        while let Some((byte, others)) = rest.split_first() {
            all[*byte as usize] = true;
            rest = others;
        }
        Self(all)
    }

    /// These and the bytes from `first` to `last`.
    pub(crate) const fn and(mut self, first: u8, last: u8) -> Self {
        let mut byte = first as usize;
        while byte <= last as usize {
            self.0[byte] = true;
            byte += 1;
        }
        self
    }

    /// All the others.
    pub(crate) const fn others(mut self) -> Self {
        let mut byte = 0;
        while byte < self.0.len() {
            self.0[byte] = !self.0[byte];
            byte += 1;
        }
        self
    }

    /// The place of the first of them.
    pub(crate) fn first_in(&self, text: &[u8]) -> Option<usize> {
        let has = |byte: &u8| self.0[usize::from(*byte)];
        // A fold has no branches: one for eight bytes is enough.
        let (blocks, _) = text.as_chunks::<8>();
        let calm = |block: &&[u8; 8]| !block.iter().fold(false, |any, byte| any | has(byte));
        let begin = 8 * blocks.iter().take_while(calm).count();
        text[begin..].iter().position(has).map(|place| begin + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_them_is_found() {
        const VOWELS: Bytes = Bytes::of(b"aeiou").and(0xfe, 0xff);
        assert_eq!(VOWELS.first_in(b"xyzo"), Some(3));
        assert_eq!(VOWELS.first_in(b"\xfd\xff"), Some(1));
        assert_eq!(VOWELS.first_in(b"xyz\0\xfd"), None);
        assert_eq!(VOWELS.others().first_in(b"aex"), Some(2));
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert_eq!(VOWELS.first_in(&text), None);
            for place in 0..length {
                let text = [&text[..place], b"a", &text[place..]].concat();
                assert_eq!(VOWELS.first_in(&text), Some(place));
            }
        }
    }
}
