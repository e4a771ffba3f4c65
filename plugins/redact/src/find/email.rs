//! E-mail addresses: letters of any script, `@` or `%40`, and a domain with a dot in it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let local = r"[\p{L}\p{M}\p{N}!#$&'*+/=?^_`{|}~.-]";
    let label = r"[\p{L}\p{M}\p{N}_-]+";
    let pattern = format!(r"{local}+(?:@|%40){label}(?:\.{label})+");
    Regex::new(&pattern).expect("written here")
});

/// E-mail addresses.
pub(crate) fn email(text: &str) -> Vec<Range<usize>> {
    if !text.contains('@') && !text.contains("%40") {
        return Vec::new();
    }
    EMAIL.find_iter(text).map(|found| trimmed(text, found.range())).collect()
}

/// The same without the markup and the beginning of a link that may stand right before it.
fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let found = &text[span.clone()];
    let local = found.find(['@', '%']).unwrap_or(found.len());
    // What an address may begin with, but hardly ever does, ends what stands before it.
    let start = found[..local].rfind(['/', '=', '?', '&', '|', '`', '*', '~', '\'', '{', '}']);
    let start = start.map_or(0, |at| at + 1);
    if start == local { span } else { span.start + start..span.end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::found;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let text = "jane.doe+x@mail.example.org, <mailto:o'neil@x.de> **j_d@x.co.uk** jö@bücher.example.";
        let addresses = ["jane.doe+x@mail.example.org", "neil@x.de", "j_d@x.co.uk", "jö@bücher.example"];
        assert_eq!(found(email, text), addresses);
        assert_eq!(found(email, "https://x.y/?to=jane%40x.org&b"), ["jane%40x.org"]);
        assert_eq!(found(email, "https://x.y/~jane@x.org/z"), ["jane@x.org"]);
        assert_eq!(found(email, "*@x.org"), ["*@x.org"]);
    }

    #[test]
    fn what_names_people_otherwise_stays() {
        for text in ["@bob", "hi @bob.", "@bob:server.example", "a @ b.c", "me@localhost", "50%40"] {
            assert_eq!(found(email, text), [""; 0], "{text}");
        }
    }
}
