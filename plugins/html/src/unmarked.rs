//! Message text without its marks: for lines that show the beginning of one.

use std::borrow::Cow;

use pulldown_cmark::{Event, Options, Parser, TagEnd};

use crate::markdown::is_plain;

/// The words of a text, paragraphs on lines of their own. Addresses behind words are left out.
pub(crate) fn unmarked(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut words = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                words.push_str(&text);
            }
            Event::End(
                TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image,
            ) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) => words.push('\n'),
            _ => {}
        }
    }
    Cow::Owned(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_addresses_are_left_out() {
        assert_eq!(unmarked("plain, as it *is").trim_end(), "plain, as it *is");
        assert_eq!(unmarked("**bold** and `code`").trim_end(), "bold and code");
        assert_eq!(unmarked("[here](https://example.org) _now_").trim_end(), "here now");
    }
}
