//! What a result shows: author, address and the beginning of the text, some hundred messages a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;

use export_sdk::{Output, Result};
use foldhash::fast::RandomState;

use super::script::{self, Script};

/// Messages in a file. The script learns it from the index.
pub(super) const DOCUMENTS: u64 = 512;
/// Characters of the text that are kept. The script shows those around what was looked for.
const SNIPPET: usize = 500;

/// Bytes of room that the next file takes over from the one before: enough for most.
const KEPT: usize = 256 << 10;

/// One message as a result shows it.
pub(super) struct Document<'a> {
    pub(super) username: &'a str,
    pub(super) shown: &'a str,
    /// The address of its page and the fragment, both encoded already.
    pub(super) page: &'a str,
    pub(super) anchor: &'a str,
    pub(super) text: &'a str,
    /// Whether this is all that the message says.
    pub(super) whole: bool,
}

/// The file that is being filled. Authors and pages are written once per file: that bounds the
/// memory, whatever their number.
#[derive(Default)]
pub(super) struct Documents {
    written: u64,
    count: u64,
    authors: Table,
    pages: Table,
    code: Vec<u8>,
    /// The code of one string or two, to look up.
    item: Vec<u8>,
}

/// Code of strings by number.
#[derive(Default)]
struct Table {
    numbers: HashMap<Vec<u8>, usize, RandomState>,
    code: Vec<u8>,
}

impl Table {
    fn number(&mut self, item: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(item) {
            return *number;
        }
        let next = self.numbers.len();
        if next > 0 {
            self.code.push(b',');
        }
        self.code.extend_from_slice(item);
        self.numbers.insert(item.to_vec(), next);
        next
    }
}

impl Documents {
    pub(super) fn add(&mut self, output: &mut dyn Output, document: &Document<'_>) -> Result<()> {
        let Self { authors, pages, code, item, .. } = self;
        item.clear();
        script::quote(item, document.username);
        item.push(b',');
        script::quote(item, document.shown);
        let author = authors.number(item);
        item.clear();
        script::quote(item, document.page);
        if self.count > 0 {
            code.extend(b",\n");
        }
        write!(code, "{author},{},", pages.number(item))?;
        script::quote(code, document.anchor);
        code.push(b',');
        script::quote(code, &snippet(document.text, document.whole));
        self.count += 1;
        if self.count == DOCUMENTS { self.finish(output) } else { Ok(()) }
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self, output: &mut dyn Output) -> Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        self.written += 1;
        self.count = 0;
        let mut script = Script::create(output, &script::name('d', self.written))?;
        let Self { authors, pages, code, .. } = self;
        for (begin, code) in [(&b"[["[..], &mut authors.code), (b"],\n[", &mut pages.code), (b"],\n[", code)]
        {
            script.write(begin)?;
            script.write(code)?;
            code.clear();
            code.shrink_to(KEPT);
        }
        authors.numbers.clear();
        pages.numbers.clear();
        script.write(b"]]")?;
        script.close()
    }
}

/// The beginning of a text on one line; an ellipsis says that there is more.
fn snippet(text: &str, whole: bool) -> Cow<'_, str> {
    let line = one_line(text);
    let all = |line| if whole { line } else { line + "…" };
    if line.len() <= SNIPPET {
        return all(line);
    }
    let Some((mut end, next)) = line.char_indices().nth(SNIPPET) else { return all(line) };
    // Not within a word, unless it is so long that little would be left.
    if next != ' '
        && let Some(word) = line[..end].rfind(' ')
        && line[word..end].chars().count() <= SNIPPET / 2
    {
        end = word;
    }
    format!("{}…", &line[..end]).into()
}

/// The words of a text, at least as many as a snippet can show.
fn one_line(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let blanks = |pair: (&u8, &u8)| *pair.0 == b' ' && *pair.1 == b' ';
    // These folds look at every byte, so the compiler makes vector instructions of them.
    let printable = bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let doubled =
        bytes.iter().zip(bytes.get(1..).unwrap_or_default()).fold(false, |any, pair| any | blanks(pair));
    // Most texts are like that already.
    if printable && !doubled && text.trim_ascii().len() == text.len() {
        return text.into();
    }
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // Characters take up to four bytes.
        if line.len() > 4 * (SNIPPET + 1) {
            break;
        }
    }
    line.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_snippet_is_the_beginning_of_the_words(text in "( {0,2}|[a-z]{0,70}|\\s|ü){0,60}") {
            let snippet = snippet(&text, true);
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let shown = snippet.strip_suffix('…');
            prop_assert!(line.starts_with(shown.unwrap_or(&snippet)), "{} of {}", snippet, line);
            prop_assert_eq!(shown.is_none(), line.chars().count() <= SNIPPET);
            let length = shown.unwrap_or(&line).chars().count();
            prop_assert!(length <= SNIPPET && (length >= SNIPPET / 2 || shown.is_none()), "{}", length);
        }
    }

    #[test]
    fn a_snippet_is_short_and_says_when_it_is_not_all() {
        assert_eq!(snippet("  one\n\n two\t", true), "one two");
        assert_eq!(snippet("one two", false), "one two…");
        assert_eq!(snippet(" \n", true), "");
        assert_eq!(snippet(&"ü".repeat(600), true), format!("{}…", "ü".repeat(500)));
        assert_eq!(snippet(&"ü".repeat(500), true), "ü".repeat(500));
        let long = snippet(&"four ".repeat(200), true).into_owned();
        let cut = snippet(&format!("{} end", "sevenths ".repeat(70)), true).into_owned();
        assert_eq!(cut, format!("{}sevenths…", "sevenths ".repeat(54)));
        assert!(long.ends_with("four…") && long.chars().count() <= SNIPPET + 1, "{long}");
    }
}
