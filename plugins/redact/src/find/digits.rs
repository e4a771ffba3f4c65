//! Digits in groups, as people write long numbers.

use super::{after, before, is_word};

/// The ends of the groups of digits that begin at `start`, each with the number of digits until
/// there, as long as they are not more than `most`. `separator` measures what stands between two
/// groups.
pub(super) fn groups(
    text: &str,
    start: usize,
    most: usize,
    separator: fn(&str) -> usize,
) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut ends, mut at, mut count) = (Vec::new(), start, 0);
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) && count <= most {
            at += 1;
            count += 1;
        }
        if count > most {
            return ends;
        }
        ends.push((count, at));
        let gap = separator(&text[at..]);
        if gap == 0 || !bytes.get(at + gap).is_some_and(u8::is_ascii_digit) {
            return ends;
        }
        at += gap;
    }
}

/// Whether no word goes on at that byte.
pub(super) fn ends(text: &str, at: usize) -> bool {
    !after(text, at).is_some_and(is_word)
}

/// Whether no word stands right before that byte.
pub(super) fn begins(text: &str, at: usize) -> bool {
    !before(text, at).is_some_and(is_word)
}

/// Blanks and dashes of print.
pub(super) fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2010}' | '\u{2011}' | '\u{2013}')
}

/// One blank or dash.
pub(super) fn gap(rest: &str) -> usize {
    after(rest, 0).filter(|c| is_gap(*c)).map_or(0, char::len_utf8)
}
