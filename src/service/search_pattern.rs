//! Regular expressions in searches: how they are written, how large they may be, and what a text
//! must have for them to match.

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::domain::query::fold;
use crate::domain::search_run::Needs;
use crate::domain::searchable::trigrams;
use crate::error::{Error, Result};

/// The most characters of a pattern.
const MOST_CHARACTERS: usize = 1000;
/// The most bytes of a pattern that was put together. The work for each character of a text grows with them.
const LARGEST: usize = 128 * 1024;
/// The most bytes of what matching it remembers.
const LARGEST_MEMORY: usize = 512 * 1024;
/// How deep groups may be nested.
const DEEPEST: u32 = 50;
/// Characters of a class that may all be the same one in different cases.
const MOST_CASES: u32 = 8;

/// A pattern that was put together, and what texts need for it to match.
#[derive(Debug)]
pub struct Pattern {
    /// The pattern.
    pub regex: Regex,
    /// What is needed.
    pub needs: Needs,
}

/// Pattern and flags of a text that is written as `/pattern/flags`; `None` if it is not.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let known = flags.chars().all(|flag| "gimsuxy".contains(flag));
    (known && !pattern.is_empty()).then_some((pattern, flags))
}

/// Puts a pattern together.
pub fn read(pattern: &str, flags: &str) -> Result<Pattern> {
    let wrong = |why: &str| {
        let text = format!(
            "The regular expression cannot be used: {why}. Correct it, or search for it as text without the slashes"
        );
        Error::refused("error-invalid-search-pattern", text)
    };
    if pattern.chars().count() > MOST_CHARACTERS {
        return Err(wrong(&format!("it has more than {MOST_CHARACTERS} characters")));
    }
    let has = |flag| flags.contains(flag);
    let parsed = ParserBuilder::new()
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .ignore_whitespace(has('x'))
        .nest_limit(DEEPEST)
        .build()
        .parse(pattern);
    let parsed = parsed.map_err(|error| match error {
        regex_syntax::Error::Parse(error) => wrong(&error.kind().to_string()),
        regex_syntax::Error::Translate(error) => wrong(&error.kind().to_string()),
        _ => wrong("it cannot be read"),
    })?;
    let built = RegexBuilder::new(pattern)
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .ignore_whitespace(has('x'))
        .nest_limit(DEEPEST)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST_MEMORY)
        .build();
    let regex = built.map_err(|_| wrong("it is too large"))?;
    Ok(Pattern { regex, needs: Part::of(&parsed).needs() })
}

/// What is known of the texts that a part of a pattern matches.
enum Part {
    /// They are this one, in any case.
    Exactly(String),
    /// They have all this.
    Having(Needs),
}

impl Part {
    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::Exactly(String::new()),
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => Self::Exactly(fold(text)),
                Err(_) => Self::Having(Needs::default()),
            },
            HirKind::Class(class) => same_in_all_cases(class).map_or_else(Self::anything, Self::Exactly),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Repetition(repetition) => match (repetition.min, repetition.max) {
                (0, _) => Self::anything(),
                (1, Some(1)) => Self::of(&repetition.sub),
                _ => Self::Having(Self::of(&repetition.sub).needs()),
            },
            HirKind::Concat(parts) => Self::concat(parts),
            HirKind::Alternation(parts) => {
                let mut needs = Needs::default();
                needs.any(parts.iter().map(|part| Self::of(part).needs().certain()).collect());
                Self::Having(needs)
            }
        }
    }

    fn anything() -> Self {
        Self::Having(Needs::default())
    }

    fn concat(parts: &[Hir]) -> Self {
        let (mut text, mut needs, mut is_exact) = (String::new(), Needs::default(), true);
        for part in parts {
            match Self::of(part) {
                Self::Exactly(more) => text.push_str(&more),
                Self::Having(more) => {
                    needs.also(Self::Exactly(std::mem::take(&mut text)).needs());
                    needs.also(more);
                    is_exact = false;
                }
            }
        }
        let text = Self::Exactly(text);
        if is_exact {
            return text;
        }
        needs.also(text.needs());
        Self::Having(needs)
    }

    fn needs(self) -> Needs {
        match self {
            Self::Having(needs) => needs,
            Self::Exactly(text) => {
                let mut needs = Needs::default();
                trigrams(&text, |trigram| needs.all([trigram]));
                needs
            }
        }
    }
}

/// What all characters of a class are when their case does not matter.
fn same_in_all_cases(class: &Class) -> Option<String> {
    let Class::Unicode(class) = class else { return None };
    let mut same = None;
    for range in class.ranges() {
        if u32::from(range.end()) - u32::from(range.start()) >= MOST_CASES {
            return None;
        }
        for c in range.start()..=range.end() {
            let folded = fold(c.encode_utf8(&mut [0; 4]));
            if same.get_or_insert_with(|| folded.clone()) != &folded {
                return None;
            }
        }
    }
    same
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Signature;

    fn features(text: &str) -> Vec<u64> {
        let mut found = Vec::new();
        trigrams(&fold(text), |trigram| found.push(trigram));
        found
    }

    fn may_match(pattern: &str, flags: &str, text: &str) -> bool {
        read(pattern, flags).unwrap().needs.may_be_in(&Signature::of(&features(text)))
    }

    #[test]
    fn slashes_make_a_pattern() {
        assert_eq!(split("/a/b/i"), Some(("a/b", "i")));
        assert_eq!(split("/a/"), Some(("a", "")));
        for text in ["//", "/a", "a/b/", "/usr/local", "/a/q"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_match_is_known_not_to() {
        for (pattern, flags, yes, no) in [
            ("relea(se|sing)d?", "", "released", "real"),
            ("error \\d+ in disk", "", "error 12 in disk", "error 12 in memory"),
            ("ERROR", "i", "an error", "none"),
            ("(alpha|beta)+", "", "alpha", "gamma"),
            ("kilo", "i", "\u{212a}ILO", "pound"),
            ("foo\\bbar", "", "foobar", "foo bar"),
            ("(?:strict){2,}", "", "strictstrict", "loose"),
        ] {
            assert!(may_match(pattern, flags, yes), "{pattern}");
            assert!(!may_match(pattern, flags, no), "{pattern}");
        }
        for pattern in ["a.b", "x*", "[a-z]+", "(long|s)"] {
            assert!(read(pattern, "").unwrap().needs.is_empty(), "{pattern}");
        }
    }

    #[test]
    fn bad_and_huge_patterns_are_refused() {
        for pattern in ["(", "(?=a)", "\\1", "a{1000}{1000}", &"a".repeat(1001), &"(".repeat(60)] {
            let refusal = read(pattern, "").unwrap_err().to_string();
            assert!(refusal.ends_with("[error-invalid-search-pattern]"), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn what_matches_has_what_is_needed(
            pattern in prop::collection::vec(
                prop::sample::select(vec!["abc", "ab", "b+c", "[aA]bc", "(ca){1,2}", "(abc|ska)", "k", "ß", "ſa", "Ka?", ".", "\\b"]),
                1..6,
            ),
            insensitive: bool,
            text in "[abcABCkKſßẞsS\u{212a}]{0,12}",
        ) {
            let flags = if insensitive { "i" } else { "" };
            let pattern = read(&pattern.concat(), flags).unwrap();
            if pattern.regex.is_match(&text) {
                prop_assert!(pattern.needs.may_be_in(&Signature::of(&features(&text))));
            }
        }
    }
}
