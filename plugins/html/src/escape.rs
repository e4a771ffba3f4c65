//! The choke point: nothing gets into a page but through [`Markup`].
//!
//! Markup of our own is `&'static str`, so the compiler keeps everything that came from people out
//! of [`Markup::tag`]; their strings can only take [`Markup::text`] and its kin, which escape for
//! elements and quoted attributes alike.

use std::fmt::{self, Display, Write as _};
use std::io;

use export_sdk::FileLink;

use crate::scan::Bytes;
use crate::when::Pieces;

/// Bytes that need escaping or may begin a character that does.
const SUSPECT: Bytes =
    Bytes::of(b"&<>\"'\x7f\xc2\xef").and(0, 8).and(0x0b, 0x0c).and(0x0e, 0x1f).and(0xf0, 0xff);
/// Bytes that have a meaning in addresses, or may have one.
const MEANINGFUL: Bytes = Bytes::of(b"-_./").and(b'0', b'9').and(b'A', b'Z').and(b'a', b'z').others();

/// A piece of a page in the making; emptied into the file after every message and used again.
#[derive(Default)]
pub(crate) struct Markup(String);

impl Markup {
    /// Adds markup written in this crate.
    pub(crate) fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text from people, fit for an element or a quoted attribute.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let bytes = text.as_bytes();
        let mut done = 0;
        let mut at = 0;
        while let Some(step) = SUSPECT.first_in(&bytes[at..]) {
            let found = at + step;
            let character = text[found..].chars().next().expect("suspect bytes begin a character");
            at = found + character.len_utf8();
            if let Some(replacement) = replacement(character) {
                self.0.push_str(&text[done..found]);
                self.0.push_str(replacement);
                done = at;
            }
        }
        self.0.push_str(&text[done..]);
        self
    }

    /// Adds a value as text.
    pub(crate) fn show(&mut self, value: impl Display) -> &mut Self {
        write!(Escaping(self), "{value}").expect("a string takes everything");
        self
    }

    /// Adds a date or time.
    pub(crate) fn put(&mut self, value: impl Pieces) -> &mut Self {
        value.pieces(&mut |piece| self.0.push_str(piece));
        self
    }

    /// Adds a link's target within the same page: `#` and the id.
    pub(crate) fn fragment(&mut self, id: &str) -> &mut Self {
        self.0.push('#');
        self.encoded(id)
    }

    /// Adds the relative address of a file of this export.
    pub(crate) fn address(&mut self, path: &FileLink) -> &mut Self {
        self.encoded(path.as_str())
    }

    /// Adds text as part of an address: nothing in it but `/` has a meaning there.
    pub(crate) fn encoded(&mut self, text: &str) -> &mut Self {
        // What the id attribute cannot hold is looked for as it was replaced there.
        let mut rest = text;
        while let Some(found) = MEANINGFUL.first_in(rest.as_bytes()) {
            let (plain, after) = rest.split_at(found);
            let character = after.chars().next().expect("there is one");
            rest = &after[character.len_utf8()..];
            self.0.push_str(plain);
            let character = if is_forbidden(character) { '\u{fffd}' } else { character };
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                write!(self.0, "%{byte:02X}").expect("a string takes everything");
            }
        }
        self.0.push_str(rest);
        self
    }

    /// Adds what was put together elsewhere.
    pub(crate) fn join(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// What is here so far.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// How much is here, to see later whether anything was added.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was added since `len` was that long.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Empties into `out`.
    pub(crate) fn write_to(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.0.as_bytes())?;
        self.0.clear();
        Ok(())
    }
}

struct Escaping<'a>(&'a mut Markup);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.text(text);
        Ok(())
    }
}

fn replacement(character: char) -> Option<&'static str> {
    Some(match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        other if is_forbidden(other) => "\u{fffd}",
        _ => return None,
    })
}

/// Control characters and noncharacters: an HTML document must not hold them.
fn is_forbidden(character: char) -> bool {
    let code = u32::from(character);
    (character.is_control() && !matches!(character, '\t' | '\n' | '\r'))
        || matches!(code, 0xfdd0..=0xfdef)
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut page = Markup::default();
        page.text(text);
        page.0
    }

    #[test]
    fn what_means_something_in_html_is_spelt_out() {
        assert_eq!(escaped("<a href=\"x\">'&'"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
        assert_eq!(escaped("tab\tline\nümlaut 👩‍💻 \u{fffd}"), "tab\tline\nümlaut 👩‍💻 \u{fffd}");
    }

    #[test]
    fn characters_that_html_forbids_are_replaced() {
        assert_eq!(escaped("a\0b\u{1b}c\u{7f}d\u{85}e\u{ffff}f\u{1fffe}g\u{fdd0}h"), {
            let r = '\u{fffd}';
            format!("a{r}b{r}c{r}d{r}e{r}f{r}g{r}h")
        });
    }

    #[test]
    fn a_fragment_finds_the_id_it_was_made_from() {
        let mut page = Markup::default();
        page.fragment("a b\"\0é");
        assert_eq!(page.0, "#a%20b%22%EF%BF%BD%C3%A9");
    }

    proptest! {
        #[test]
        fn escaping_loses_nothing_and_lets_nothing_through(text in any::<String>()) {
            let html = escaped(&text);
            prop_assert!(!html.contains(['<', '>', '"', '\'', '\0']));
            let back = html
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            let expected: String =
                text.chars().map(|c| if is_forbidden(c) { '\u{fffd}' } else { c }).collect();
            prop_assert_eq!(back, expected);
        }
    }
}
