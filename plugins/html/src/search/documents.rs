//! What a result shows: author, address and the beginning of the text, some hundred messages a file.

use std::collections::HashMap;

use export_sdk::{Output, Result};

use super::script::{self, Script};

/// Messages in a file. The script learns it from the index.
pub(super) const DOCUMENTS: u64 = 512;
/// Characters of the text that are kept. The script shows those around what was looked for.
const SNIPPET: usize = 500;

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
}

/// Code of strings by number.
#[derive(Default)]
struct Table {
    numbers: HashMap<Vec<u8>, usize>,
    code: Vec<u8>,
}

impl Table {
    fn number(&mut self, item: Vec<u8>) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(item).or_insert_with_key(|item| {
            if next > 0 {
                self.code.push(b',');
            }
            self.code.extend(item);
            next
        })
    }
}

impl Documents {
    pub(super) fn add(&mut self, output: &mut dyn Output, document: &Document<'_>) -> Result<()> {
        let mut author = Vec::new();
        script::quote(&mut author, document.username);
        author.push(b',');
        script::quote(&mut author, document.shown);
        let mut page = Vec::new();
        script::quote(&mut page, document.page);
        let numbers = format!("{},{},", self.authors.number(author), self.pages.number(page));
        let code = &mut self.code;
        if self.count > 0 {
            code.extend(b",\n");
        }
        code.extend(numbers.as_bytes());
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
        let full = std::mem::replace(self, Self { written: self.written + 1, ..Self::default() });
        let mut script = Script::create(output, &script::name('d', self.written))?;
        for (begin, code) in
            [(&b"[["[..], &full.authors.code), (b"],\n[", &full.pages.code), (b"],\n[", &full.code)]
        {
            script.write(begin)?;
            script.write(code)?;
        }
        script.write(b"]]")?;
        script.close()
    }
}

/// The beginning of a text on one line; an ellipsis says that there is more.
fn snippet(text: &str, whole: bool) -> String {
    let mut snippet = String::new();
    let mut left = SNIPPET;
    let mut space = false;
    for character in text.trim().chars() {
        if character.is_whitespace() {
            space = true;
            continue;
        }
        if left <= usize::from(space) {
            // Not within a word, unless it is so long that little would be left.
            if !space
                && let Some(word) = snippet.rfind(' ')
                && snippet[word..].chars().count() <= SNIPPET / 2
            {
                snippet.truncate(word);
            }
            snippet.push('…');
            return snippet;
        }
        if std::mem::take(&mut space) {
            snippet.push(' ');
            left -= 1;
        }
        snippet.push(character);
        left -= 1;
    }
    if !whole {
        snippet.push('…');
    }
    snippet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_short_and_says_when_it_is_not_all() {
        assert_eq!(snippet("  one\n\n two\t", true), "one two");
        assert_eq!(snippet("one two", false), "one two…");
        assert_eq!(snippet(" \n", true), "");
        assert_eq!(snippet(&"ü".repeat(600), true), format!("{}…", "ü".repeat(500)));
        assert_eq!(snippet(&"ü".repeat(500), true), "ü".repeat(500));
        let long = snippet(&"four ".repeat(200), true);
        let cut = snippet(&format!("{} end", "sevenths ".repeat(70)), true);
        assert_eq!(cut, format!("{}sevenths…", "sevenths ".repeat(54)));
        assert!(long.ends_with("four…") && long.chars().count() <= SNIPPET + 1, "{long}");
    }
}
