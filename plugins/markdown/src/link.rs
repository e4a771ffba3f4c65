//! Which addresses may become links, and where a bare address in a text ends.

/// Whether a link may lead there: the web and mail, nothing that a browser would run or read.
pub(crate) fn is_safe(address: &str) -> bool {
    is_web(address) || (has_prefix(address, "mailto:") && is_one_word(address))
}

/// Whether it is an `http` or `https` address.
pub(crate) fn is_web(address: &str) -> bool {
    begins_web(address) && is_one_word(address)
}

fn is_one_word(address: &str) -> bool {
    !address.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn begins_web(address: &str) -> bool {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| has_prefix(address, scheme));
    scheme.is_some_and(|scheme| address[scheme.len()..].starts_with(char::is_alphanumeric))
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// The bare address that `text` begins with, without the punctuation of the sentence around it.
pub(crate) fn bare(text: &str) -> Option<&str> {
    if !begins_web(text) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let address = &text[..text.find(ends).unwrap_or(text.len())];
    let opened = address.contains('(');
    let end = |c: char| matches!(c, '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' | ']');
    Some(address.trim_end_matches(|c| end(c) || (c == ')' && !opened)))
}

/// The text and address of the `[text](address)` that `text` begins with, and its length.
pub(crate) fn named(text: &str) -> Option<(&str, &str, usize)> {
    let inside = text.strip_prefix('[')?;
    let label = &inside[..inside.find(['[', ']'])?];
    let address = inside[label.len()..].strip_prefix("](")?;
    let mut open = 0_usize;
    // Not beyond what may be the next one: a text of nothing but beginnings is read once.
    let address = &address[..address.find('[').unwrap_or(address.len())];
    let end = address.char_indices().find_map(|(at, c)| match c {
        '(' => {
            open += 1;
            None
        }
        ')' if open == 0 => Some(at),
        ')' => {
            open -= 1;
            None
        }
        _ => None,
    })?;
    let address = &address[..end];
    let fits = !label.trim().is_empty() && is_safe(address);
    fits.then_some((label, address, label.len() + address.len() + "[]()".len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_are_safe() {
        assert!(["https://x.y/", "HTTP://x.y", "mailto:a@b.c"].into_iter().all(is_safe));
        for other in
            ["javascript:alert(1)", " https://x", "data:text/html,x", "//x", "https://", "mailto:a\nb", ""]
        {
            assert!(!is_safe(other), "{other}");
        }
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        assert_eq!(bare("https://x.y/a_(b). And"), Some("https://x.y/a_(b)"));
        assert_eq!(bare("http://x.y/?a=1&b=2), so"), Some("http://x.y/?a=1&b=2"));
        assert_eq!(bare("https://..."), None);
    }

    #[test]
    fn named_links_are_found_whole() {
        assert_eq!(named("[a b](https://x.y/(z)) c"), Some(("a b", "https://x.y/(z)", 22)));
        for other in ["[a](javascript:x)", "[](https://x.y)", "[a]: https://x.y", "[a](https://x.y \"t\")"] {
            assert_eq!(named(other), None);
        }
    }
}
