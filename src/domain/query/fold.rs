//! Comparing without regard to case, in any script.

/// The text in lower case, one character after the other: what contains a part before contains it
/// afterwards, too. The standard library looks at a sigma's neighbours and would break that.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// Whether `text` in lower case is `folded`.
pub(super) fn is_same(folded: &str, text: &str) -> bool {
    if text.is_ascii() { folded.eq_ignore_ascii_case(text) } else { folded == fold(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_again_changes_nothing() {
        for c in '\0'..=char::MAX {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{c:?}");
        }
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        assert!(is_same("straße", "STRAßE"));
        assert!(is_same(&fold("ΟΔΟΣ"), "οδος"));
        assert!(fold("ΟΔΟΣΑ").contains(&fold("ΟΔΟΣ")));
        assert!(is_same("k", "\u{212a}"));
        assert!(!is_same("a", "ä"));
    }
}
