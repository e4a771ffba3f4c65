//! The one way of text into the HTML and the plain-text body.
//!
//! All text is hostile: written by people, or named by them. What is written through these wrappers
//! can neither open a tag nor fake a line that this crate did not write.

use std::fmt::{self, Write};

/// Text inside an HTML element or a quoted attribute, on as many lines as it has.
pub(crate) struct Html<'a>(pub(crate) &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in mended(self.0) {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Some mail programs ignore `white-space`.
                '\n' => f.write_str("<br>")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Like [`Html`], with bare `http:` and `https:` addresses as links.
pub(crate) struct Linked<'a>(pub(crate) &'a str);

impl fmt::Display for Linked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((start, end)) = next_link(rest) {
            let link = Html(&rest[start..end]);
            write!(f, "{}<a href=\"{link}\" rel=\"noopener noreferrer\">{link}</a>", Html(&rest[..start]))?;
            rest = &rest[end..];
        }
        Html(rest).fmt(f)
    }
}

/// Where the next link begins and ends.
fn next_link(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("://") {
        let colon = from + found;
        from = colon + 3;
        let before = &text.as_bytes()[..colon];
        let scheme = ["https", "http"].into_iter().find(|scheme| {
            before.len() >= scheme.len()
                && before[before.len() - scheme.len()..].eq_ignore_ascii_case(scheme.as_bytes())
        });
        let Some(scheme) = scheme else { continue };
        let start = colon - scheme.len();
        if text[..start].ends_with(char::is_alphanumeric) {
            continue;
        }
        let stop = |c: char| c.is_whitespace() || "<>\"'`".contains(c) || mend(c) != c || turns(c);
        let length = text[from..].find(stop).unwrap_or(text.len() - from);
        // Punctuation at the end belongs to the sentence.
        let address =
            text[from..from + length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*', '_']);
        if address.starts_with(char::is_alphanumeric) {
            return Some((start, from + address.len()));
        }
    }
    None
}

/// Text of a plain-text body; every line after the first is indented by `indent`, so that no text
/// can look like the line above a message.
pub(crate) struct Plain<'a> {
    pub(crate) text: &'a str,
    pub(crate) indent: &'static str,
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in mended(self.text) {
            f.write_char(c)?;
            if c == '\n' {
                f.write_str(self.indent)?;
            }
        }
        Ok(())
    }
}

/// Text that must stay on one line of a plain-text body: names.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `<bdi>`, what turns the text around would turn the rest of the line.
        let straight = mended(self.0).filter(|c| !turns(*c));
        straight.map(|c| if c == '\n' { ' ' } else { c }).try_for_each(|c| f.write_char(c))
    }
}

/// The characters of `text` with one kind of line break and no other control characters.
fn mended(text: &str) -> impl Iterator<Item = char> {
    let mut characters = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = characters.next()?;
        if c == '\r' {
            characters.next_if_eq(&'\n');
        }
        Some(mend(c))
    })
}

fn mend(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
        c => c,
    }
}

/// Whether `c` changes the direction of the text after it.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use export_sdk::conformance::HOSTILE_TEXTS;

    use super::*;

    #[test]
    fn no_hostile_text_opens_a_tag_or_leaves_an_attribute() {
        for text in HOSTILE_TEXTS {
            let html = Html(text).to_string().replace("<br>", "");
            assert!(!html.contains(['<', '>', '"', '\'', '\0', '\r', '\n']), "{text:?} became {html:?}");
        }
    }

    #[test]
    fn only_bare_web_addresses_become_links() {
        let linked = |text: &str| Linked(text).to_string();
        assert_eq!(
            linked("see (https://example.org/?a=1&b=<x>), or HTTP://x.y."),
            "see (<a href=\"https://example.org/?a=1&amp;b=\" rel=\"noopener noreferrer\">\
             https://example.org/?a=1&amp;b=</a>&lt;x&gt;), or \
             <a href=\"HTTP://x.y\" rel=\"noopener noreferrer\">HTTP://x.y</a>."
        );
        let plain = [
            "javascript://x",
            "ftp://x.y",
            "http://",
            "https:// x",
            "xhttp://x.y",
            "https://\"onclick=1",
            "://",
        ];
        for text in plain {
            assert_eq!(linked(text), Html(text).to_string(), "{text:?} holds no link");
        }
        assert!(linked("https://x.y/\u{202e}gpj").contains(">https://x.y/</a>\u{202e}gpj"));
    }

    #[test]
    fn a_link_holds_nothing_but_itself() {
        for text in HOSTILE_TEXTS {
            let html = Linked(text).to_string();
            for tag in html.split('<').skip(1) {
                let good = ["br>", "/a>", "a href=\"http://", "a href=\"https://", "a href=\"HTTPS://"];
                assert!(good.iter().any(|start| tag.starts_with(start)), "{text:?} became {html:?}");
            }
        }
    }

    #[test]
    fn plain_text_cannot_begin_a_line_at_the_margin() {
        let text = "one\r\ntwo\rthree\u{2028}four\0";
        assert_eq!(Plain { text, indent: "  " }.to_string(), "one\n  two\n  three\n  four\u{fffd}");
        assert_eq!(OneLine("Bob\r\n\u{202e}Eve").to_string(), "Bob Eve");
    }
}
