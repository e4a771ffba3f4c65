//! What can be found in a text: its words, and pairs of characters where words have no spaces.
//!
//! The script cuts queries the same way, with the same patterns; `words.json` holds both to it.

use std::sync::LazyLock;

use regex::Regex;

use crate::scan::Bytes;

/// A letter or digit, and what goes on with it.
const WORD: &str = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*";
/// Scripts without spaces: Thai, Lao, Myanmar, Khmer, Hangul, Kana and Han.
const DENSE: &str = r"[\u{e00}-\u{eff}\u{1000}-\u{109f}\u{1100}-\u{11ff}\u{1780}-\u{17ff}\u{3005}-\u{30ff}\u{3130}-\u{318f}\u{31f0}-\u{31ff}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{a960}-\u{a97f}\u{ac00}-\u{d7ff}\u{f900}-\u{faff}\u{ff66}-\u{ffdc}\u{1b000}-\u{1b16f}\u{20000}-\u{3ffff}]+";
/// What of ASCII is in no word.
const SEPARATORS: Bytes =
    Bytes::of(b"").and(b'0', b'9').and(b'A', b'Z').and(b'a', b'z').and(0x80, 0xff).others();
/// Of longer words the beginning counts.
const LONGEST: usize = 40;

static WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(WORD).expect("a pattern of ours"));
static RUNS: LazyLock<Regex> = LazyLock::new(|| Regex::new(DENSE).expect("a pattern of ours"));

/// Calls `found` with every term of a text; a term that is there twice comes twice.
pub(super) fn terms(text: &str, found: &mut dyn FnMut(&str)) {
    let text = text.to_ascii_lowercase();
    let is_ascii = text.is_ascii();
    let mut begin = 0;
    while begin < text.len() {
        let end = SEPARATORS.first_in(&text.as_bytes()[begin..]).map_or(text.len(), |end| begin + end);
        let piece = &text[begin..end];
        // Most texts need no tables.
        if !is_ascii && !piece.is_ascii() {
            other(piece, found);
        } else if !piece.is_empty() {
            found(&piece[..piece.len().min(LONGEST)]);
        }
        begin = end + 1;
    }
}

/// The terms of what has neither a blank nor a mark of ASCII in it.
fn other(text: &str, found: &mut dyn FnMut(&str)) {
    let mut term = String::new();
    for word in WORDS.find_iter(text) {
        let word = word.as_str();
        let mut done = 0;
        for run in RUNS.find_iter(word) {
            plain(&word[done..run.start()], &mut term, found);
            pairs(run.as_str(), found);
            done = run.end();
        }
        plain(&word[done..], &mut term, found);
    }
}

/// Adds `text` in lower case, character by character: no context, so every language has the same idea of it.
pub(super) fn lower(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(&text[..text.len().min(LONGEST)]);
        return out[start..].make_ascii_lowercase();
    }
    let characters = text.chars().flat_map(char::to_lowercase);
    out.extend(characters.map(|character| if character == 'ς' { 'σ' } else { character }).take(LONGEST));
}

fn plain(word: &str, term: &mut String, found: &mut dyn FnMut(&str)) {
    if !word.is_empty() {
        term.clear();
        lower(word, term);
        found(term);
    }
}

/// All neighbours, and the last character alone: so a term begins with every single one.
fn pairs(run: &str, found: &mut dyn FnMut(&str)) {
    let mut ends = run.char_indices().map(|(at, character)| at + character.len_utf8()).skip(1);
    for (start, _) in run.char_indices() {
        found(&run[start..ends.next().unwrap_or(run.len())]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        terms(text, &mut |term| all.push(term.to_owned()));
        all
    }

    #[test]
    fn texts_are_cut_as_the_script_cuts_them() {
        let vectors: BTreeMap<String, Vec<String>> =
            serde_json::from_str(include_str!("../../tests/words.json")).unwrap();
        for (text, expected) in &vectors {
            assert_eq!(&found(text), expected, "{text:?}");
        }
        assert!(vectors.len() > 20);
    }

    proptest! {
        #[test]
        fn the_short_way_through_ascii_is_the_same(text in "([ -~]|[A-c]{0,50}|\\PC|é|会議|ß){0,20}") {
            let mut expected = Vec::new();
            other(&text, &mut |term| expected.push(term.to_owned()));
            prop_assert_eq!(found(&text), expected);
        }
    }

    #[test]
    fn the_script_has_the_same_patterns() {
        let script = include_str!("../../assets/engine.js");
        assert!(script.contains(&format!("/{WORD}/gu")), "{WORD}");
        assert!(script.contains(&format!("/{DENSE}/gu")), "{DENSE}");
        assert!(script.contains(&format!("LONGEST = {LONGEST};")));
    }
}
