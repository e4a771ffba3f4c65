//! Which addresses may become links, and where a bare address in a text ends.

/// Whether a link may lead there: the web and mail, nothing that a browser would run or read.
pub(crate) fn is_safe(address: &str) -> bool {
    let harmless = |c: char| !c.is_whitespace() && !c.is_control();
    is_web(address) || (has_prefix(address, "mailto:") && address.chars().all(harmless))
}

/// Whether it is an `http` or `https` address.
pub(crate) fn is_web(address: &str) -> bool {
    begins_web(address) && !address.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn begins_web(address: &str) -> bool {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| has_prefix(address, scheme));
    scheme
        .is_some_and(|scheme| address[scheme.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// The bare address that `text` begins with, without the punctuation of the sentence around it.
pub(crate) fn bare(text: &str) -> Option<&str> {
    // Before the search for the end, which a text of nothing but beginnings would make quadratic.
    if !begins_web(text) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let mut address = &text[..text.find(ends).unwrap_or(text.len())];
    // Counted once: a text of nothing but brackets must not be counted again for each of them.
    let mut surplus = address.matches(')').count().saturating_sub(address.matches('(').count());
    loop {
        let shorter = address.trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '*', '_', '~', ']']);
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if surplus > 0 => {
                surplus -= 1;
                inner
            }
            Some(_) | None => shorter,
        };
        if shorter.len() == address.len() {
            break;
        }
        address = shorter;
    }
    is_web(address).then_some(address)
}

/// Whether the byte at `at` lies inside a bare address: what looks like emphasis there is none.
pub(crate) fn surrounds(text: &str, at: usize) -> bool {
    // An address longer than this is not worth the search.
    let earliest = at.saturating_sub(500);
    let bytes = &text.as_bytes()[earliest..at];
    let stops = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"' | b'(' | b'[');
    let word = earliest + bytes.iter().rposition(stops).map_or(0, |stop| stop + 1);
    text.get(word..at).is_some_and(is_web)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_are_safe() {
        for safe in ["https://x.y/", "HTTP://x.y", "mailto:a@b.c", "https://[::1]/"] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_one in [
            "javascript:alert(1)",
            " https://x",
            "java\nscript:x",
            "data:text/html,x",
            "file:///etc/passwd",
            "//x.y",
            "/path",
            "https://",
            "https:///x",
            "mailto:a\nb",
            "",
        ] {
            assert!(!is_safe(unsafe_one), "{unsafe_one}");
        }
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        assert_eq!(bare("https://x.y/a_(b)). And"), Some("https://x.y/a_(b)"));
        assert_eq!(bare("http://x.y/?a=1&b=2#c, so"), Some("http://x.y/?a=1&b=2#c"));
        assert_eq!(bare("https://x.y\">"), Some("https://x.y"));
        assert_eq!(bare("http is a protocol"), None);
        assert_eq!(bare("https://..."), None);
    }

    #[test]
    fn a_place_inside_an_address_is_known() {
        let text = "see https://x.y/_a_ and *b*";
        assert!(surrounds(text, text.find("_a").unwrap()));
        assert!(!surrounds(text, text.find("*b").unwrap()));
    }
}
