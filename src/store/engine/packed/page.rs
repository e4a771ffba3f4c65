//! A page: entries of one kind that follow one another, compressed together.
//!
//! Byte 0 is `1`, then four bytes tell the length unpacked (little endian), then comes one LZ4 block.
//! Unpacked, every entry is: how many bytes its key shares with the key before, how many bytes follow,
//! these bytes, the length of the value, the value. Numbers are LEB128.

use std::cmp::Ordering;
use std::ops::Range;

use crate::store::{Error, Result};

/// How large the pages of a kind are. sled writes up to sixteen neighbours together, and keeps what is
/// longer than a quarter of a segment in a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    /// For entries that are looked up one by one.
    Small,
    /// For entries that are read many at a time.
    Large,
}

impl PageSize {
    /// Bytes of entries that make a page.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Small => 7 << 10,
            // Sixteen of them, compressed, stay well below that quarter.
            Self::Large => 10 << 10,
        }
    }

    /// An entry that is larger stays loose.
    pub(super) fn largest_entry(self) -> usize {
        self.bytes() / 2
    }
}

/// No page is longer than this, unpacked.
const LONGEST: usize = 32 << 10;

const FORM: u8 = 1;
const HEAD: usize = 5;

/// Entries in the order of their keys, unpacked. Reading another page into it reuses its memory.
#[derive(Default)]
pub(super) struct Page {
    raw: Vec<u8>,
    keys: Vec<u8>,
    entries: Vec<(Range<usize>, Range<usize>)>,
}

impl Page {
    /// Takes over the entries of a stored page.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<()> {
        self.try_read(bytes).ok_or_else(|| Error::Corrupt("a page of the store cannot be read".to_owned()))
    }

    fn try_read(&mut self, bytes: &[u8]) -> Option<()> {
        self.unpack(bytes)?;
        let length = self.raw.len();
        self.keys.clear();
        self.entries.clear();
        let mut rest = self.raw.as_slice();
        let mut before = 0..0;
        while !rest.is_empty() {
            let shared = number(&mut rest)?;
            let own = number(&mut rest)?;
            let start = self.keys.len();
            // Whole keys count when a page is filled, so none has longer ones together; a forged page
            // could have each key repeat all of the one before, and grow a thousandfold.
            if shared > before.len() || start + shared + own > LONGEST {
                return None;
            }
            self.keys.extend_from_within(before.start..before.start + shared);
            self.keys.extend_from_slice(take(&mut rest, own)?);
            before = start..self.keys.len();
            let size = number(&mut rest)?;
            let from = length - rest.len();
            take(&mut rest, size)?;
            self.entries.push((before.clone(), from..from + size));
        }
        Some(())
    }

    fn unpack(&mut self, bytes: &[u8]) -> Option<()> {
        let (head, block) = bytes.split_at_checked(HEAD)?;
        let length = u32::from_le_bytes(head[1..].try_into().ok()?) as usize;
        if head[0] != FORM || length > LONGEST {
            return None;
        }
        self.raw.resize(length, 0);
        (lz4_flex::block::decompress_into(block, &mut self.raw).ok()? == length).then_some(())
    }

    /// The value at this key of a stored page. Leaves no entries: only those up to the key are looked at.
    pub(super) fn find(&mut self, bytes: &[u8], key: &[u8]) -> Result<Option<&[u8]>> {
        self.entries.clear();
        let found = self.unpack(bytes).and_then(|()| find(&self.raw, key));
        found.ok_or_else(|| Error::Corrupt("a page of the store cannot be read".to_owned()))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn key(&self, index: usize) -> &[u8] {
        &self.keys[self.entries[index].0.clone()]
    }

    pub(super) fn value(&self, index: usize) -> &[u8] {
        &self.raw[self.entries[index].1.clone()]
    }

    /// The value at this key.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let index = self.entries.binary_search_by(|entry| self.keys[entry.0.clone()].cmp(key)).ok()?;
        Some(self.value(index))
    }
}

/// The value at this key among unpacked entries; `None` outside if they are damaged.
#[expect(clippy::option_option, reason = "damage and absence are told apart, without a type for it")]
fn find<'a>(raw: &'a [u8], key: &[u8]) -> Option<Option<&'a [u8]>> {
    let mut rest = raw;
    // How much of the key before this one, and of the one that is looked for, is the same.
    let (mut length, mut same) = (0, 0);
    while !rest.is_empty() {
        let shared = number(&mut rest)?;
        let own = number(&mut rest)?;
        if shared > length {
            return None;
        }
        let own = take(&mut rest, own)?;
        let size = number(&mut rest)?;
        let value = take(&mut rest, size)?;
        length = shared + own.len();
        if shared > same {
            // It differs where the one before did, which came before the key.
            continue;
        }
        let wanted = &key[shared..];
        let more = own.iter().zip(wanted).take_while(|(one, other)| one == other).count();
        same = shared + more;
        match own[more..].first().cmp(&wanted[more..].first()) {
            Ordering::Less => {}
            Ordering::Equal => return Some(Some(value)),
            Ordering::Greater => return Some(None),
        }
    }
    Some(None)
}

/// Gathers entries, in the order of their keys, for one page.
#[derive(Default)]
pub(super) struct Builder {
    raw: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Builder {
    /// Adds an entry behind all others.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        if self.raw.is_empty() {
            self.first = key.to_vec();
        }
        let shared = key.iter().zip(&self.last).take_while(|(one, other)| one == other).count();
        put_number(shared, &mut self.raw);
        put_number(key.len() - shared, &mut self.raw);
        self.raw.extend_from_slice(&key[shared..]);
        put_number(value.len(), &mut self.raw);
        self.raw.extend_from_slice(value);
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    /// The first key and the bytes of the page, if there are entries; and begins anew.
    pub(super) fn finish(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let length = u32::try_from(self.raw.len()).ok().filter(|length| *length > 0)?;
        let mut bytes = vec![FORM];
        bytes.extend(length.to_le_bytes());
        bytes.extend(lz4_flex::block::compress(&self.raw));
        let Self { first, .. } = std::mem::take(self);
        Some((first, bytes))
    }
}

fn put_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 128")]
    out.push(number as u8);
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..28).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_holds_what_was_put_in(
            entries in btree_map(vec(0_u8..4, 0..12), vec(any::<u8>(), 0..300), 1..20),
            others in vec(vec(0_u8..4, 0..6), 20),
        ) {
            let mut builder = Builder::default();
            for (key, value) in &entries {
                builder.push(key, value);
            }
            let (first, bytes) = builder.finish().unwrap();
            prop_assert_eq!(Some(&first), entries.keys().next());
            prop_assert!(builder.finish().is_none());
            let mut page = Page::default();
            page.read(&bytes).unwrap();
            prop_assert_eq!(page.len(), entries.len());
            for (index, (key, value)) in entries.iter().enumerate() {
                prop_assert_eq!((page.key(index), page.value(index)), (key.as_slice(), value.as_slice()));
                prop_assert_eq!(page.get(key), Some(value.as_slice()));
                let behind = [key.as_slice(), &[0]].concat();
                prop_assert!(entries.contains_key(&behind) || page.get(&behind).is_none());
            }
            for key in entries.keys().chain(&others) {
                prop_assert_eq!(page.find(&bytes, key).unwrap(), entries.get(key).map(Vec::as_slice));
            }
        }

        #[test]
        fn damaged_bytes_are_an_error_or_a_page(mut bytes in vec(any::<u8>(), 0..200), own in any::<bool>()) {
            if own && bytes.len() > HEAD {
                bytes[0] = FORM;
                bytes[2..HEAD].fill(0);
            }
            let _ = Page::default().read(&bytes);
            let _ = Page::default().find(&bytes, b"key");
        }
    }
}
