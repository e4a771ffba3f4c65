//! The choke point: what stands in a cell, so that no spreadsheet runs it.
//!
//! A cell that begins with `=`, `+`, `-`, `@` (also in full width), a tab, a carriage return or a line
//! feed gets an apostrophe in front. So does one that begins so after apostrophes; therefore a program
//! gets the text back by one rule: if a formula character follows one or more apostrophes at the
//! beginning, take one apostrophe away.

use std::borrow::Cow;

use serde::Deserialize;

/// What is done about cells that a spreadsheet would take for formulas.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Formulas {
    /// They get an apostrophe in front.
    #[default]
    Neutralise,
    /// They stay as they are, for programs that compute nothing.
    Keep,
}

impl Formulas {
    /// The cell for a text.
    pub(crate) fn cell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Neutralise if is_formula(text.trim_start_matches('\'')) => Cow::Owned(format!("'{text}")),
            Self::Neutralise | Self::Keep => Cow::Borrowed(text),
        }
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_formulas_get_an_apostrophe() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("-", "'-"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("", ""),
            ("1-1", "1-1"),
            ("'tis", "'tis"),
            ("'", "'"),
            (" =1", " =1"),
        ] {
            assert_eq!(Formulas::Neutralise.cell(text), expected);
            assert_eq!(Formulas::Keep.cell(text), text);
        }
    }
}
