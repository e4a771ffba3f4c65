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
}
