//! Which addresses become links, and where a bare address in a text ends.

/// The longest address that is looked for: a text of nothing but beginnings stays cheap.
const LONGEST: usize = 2048;

/// Whether it is a web or mail address without blanks.
pub(crate) fn is_safe(address: &str) -> bool {
    let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| begins(address, scheme));
    let Some(scheme) = scheme else { return false };
    let rest = &address[scheme.len()..];
    rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The bare web address that `text` begins with, without the punctuation of the sentence around it.
pub(crate) fn bare(text: &str) -> Option<&str> {
    if !begins(text, "http://") && !begins(text, "https://") {
        return None;
    }
    let text = head(text);
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|');
    let address = &text[..text.find(ends).unwrap_or(text.len())];
    let mut address = address.trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '*', '_', '~', ']']);
    if address.ends_with(')') && !address.contains('(') {
        address = address.trim_end_matches([')', '.', ',', ':', ';', '!', '?']);
    }
    is_safe(address).then_some(address)
}

/// `label](address)` after a bracket that opened: the label, the address and how many bytes they take.
pub(crate) fn inline(text: &str) -> Option<(&str, &str, usize)> {
    let text = head(text);
    let close = text.find(['[', ']', '\n'])?;
    let rest = text[close..].strip_prefix("](")?;
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                let address = &rest[..at];
                return is_safe(address).then_some((&text[..close], address, close + 2 + at + 1));
            }
            c if c.is_whitespace() || c.is_control() => return None,
            _ => {}
        }
    }
    None
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn begins(text: &str, scheme: &str) -> bool {
    text.as_bytes().get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_become_links() {
        assert!(is_safe("https://x.y/") && is_safe("mailto:a@b.c"));
        for bad in ["javascript:alert(1)", "https://", "java\nscript:x", "http://a b", "/x", ""] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        assert_eq!(bare("https://x.y/a_(b), and"), Some("https://x.y/a_(b)"));
        assert_eq!(bare("https://x.y)."), Some("https://x.y"));
        assert_eq!(bare("https://..."), None);
    }

    #[test]
    fn an_inline_link_knows_its_length() {
        assert_eq!(inline("a](https://x.y/(b)) c"), Some(("a", "https://x.y/(b)", 19)));
        assert_eq!(inline("a](javascript:x)"), None);
        assert_eq!(inline("a] (https://x.y)"), None);
    }
}
