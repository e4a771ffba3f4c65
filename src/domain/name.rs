//! What login names and names of rooms may look like.

use regex::RegexBuilder;

/// Longer login names are refused: every message and room carries them.
pub const LONGEST_NAME: usize = 128;
/// Names that mean everybody; nobody has one.
pub const EVERYBODY: [&str; 2] = ["all", "here"];
const USUAL_PATTERN: &str = "[0-9a-zA-Z-_.]+";

/// Whether all of a name fits a pattern that an administrator chose. A pattern that is none counts
/// as the usual one, so that a typo in a setting does not open the door to everything.
pub fn fits(pattern: &str, name: &str) -> bool {
    // The limit keeps a pattern from eating the memory of every request that checks a name.
    let compile =
        |pattern: &str| RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(1 << 20).build();
    compile(pattern).or_else(|_| compile(USUAL_PATTERN)).is_ok_and(|pattern| pattern.is_match(name))
}

/// Whether a name is one that everybody may have who has not chosen another pattern.
pub fn is_usual(name: &str) -> bool {
    name.len() <= LONGEST_NAME && fits(USUAL_PATTERN, name)
}

/// Whether a text has the shape of an e-mail address, in the widest sense.
pub fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(char::is_control)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_fit_and_a_broken_pattern_is_the_usual_one() {
        assert!(fits(USUAL_PATTERN, "Room-1_a.b"));
        for bad in ["", "a b", "a\n", "ä", "a/b"] {
            assert!(!fits(USUAL_PATTERN, bad), "{bad:?}");
            assert!(!fits("[", bad), "{bad:?}");
        }
        assert!(fits("[", "plain"));
        assert!(fits(r"[\p{L}-]+", "Ünï-cödé"));
        assert!(!fits("a|b", "ab"), "alternatives are anchored together");
    }

    #[test]
    fn an_address_has_two_sides() {
        assert!(is_address("ann@example.org") && is_address("root@localhost"));
        for bad in ["", "ann", "@example.org", "ann@", "a@b@c", "a@b\n"] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
