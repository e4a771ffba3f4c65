//! Regular expressions that a request brings: bounded in number, length and memory.

use regex::{Regex, RegexBuilder};

use crate::{Error, Result};

const MOST: usize = 50;
const LONGEST: usize = 1000;
/// Bytes of a compiled pattern; one pattern of a request cannot fill the memory.
const LARGEST: usize = 1 << 20;

/// Patterns of an option. Matching takes time linear in the text, whatever the pattern.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Regex>);

impl Patterns {
    /// Compiles what `option` lists; the error names the option and the pattern.
    pub fn compile(option: &str, patterns: &[String]) -> Result<Self> {
        if patterns.len() > MOST {
            let count = patterns.len();
            return Err(Error::bad_options(format!(
                "`{option}` lists {count} patterns; give at most {MOST}"
            )));
        }
        patterns.iter().map(|pattern| compile(option, pattern)).collect::<Result<_>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(text))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Regex> {
        self.0.iter()
    }
}

fn compile(option: &str, pattern: &str) -> Result<Regex> {
    if pattern.len() > LONGEST {
        let start: String = pattern.chars().take(20).collect();
        let message = format!("`{option}`: the pattern {start:?}… is too long; give at most {LONGEST} bytes");
        return Err(Error::bad_options(message));
    }
    RegexBuilder::new(pattern).size_limit(LARGEST).dfa_size_limit(LARGEST).build().map_err(|error| {
        // The last line says what is wrong; those before it draw the pattern again.
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::bad_options(format!("`{option}`: the pattern {pattern:?} cannot be used: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(patterns: &[String]) -> String {
        Patterns::compile("matching", patterns).expect_err("refused").to_string()
    }

    #[test]
    fn what_does_not_compile_is_named() {
        assert_eq!(
            refused(&["a".to_owned(), "b(".to_owned()]),
            r#"`matching`: the pattern "b(" cannot be used: unclosed group"#
        );
    }

    #[test]
    fn the_size_and_number_of_patterns_are_limited() {
        assert!(refused(&[r"\w{1000}{1000}".to_owned()]).contains("size limit"));
        assert!(refused(&["ä".repeat(600)]).contains("too long"));
        assert!(refused(&vec!["a".to_owned(); 51]).contains("at most 50"));
    }

    #[test]
    fn any_of_them_matches_regardless_of_case_if_it_says_so() {
        let patterns = Patterns::compile("matching", &["x".to_owned(), "(?i)größe".to_owned()]).unwrap();
        assert!(patterns.is_match("GRÖSSE x") && patterns.is_match("GRÖßE") && !patterns.is_match("groesse"));
    }
}
