//! Why a query cannot be read, for the person who typed it.

use std::fmt;

/// The most characters of a query that an error repeats.
const LONGEST_EXCERPT: usize = 40;

/// What is wrong with a query, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (At character {}.)", position + 1)]
pub struct QueryError {
    message: String,
    position: usize,
}

impl QueryError {
    pub(super) fn new(position: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), position }
    }

    /// What is wrong and what to do, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How many characters stand before the place that is wrong.
    pub fn position(&self) -> usize {
        self.position
    }
}

/// The beginning of what somebody typed, on one line.
pub(super) struct Excerpt<'a>(pub(super) &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let mut chars = self.0.chars();
        write!(f, "{}", chars.by_ref().take(LONGEST_EXCERPT).map(printable).collect::<String>())?;
        if chars.next().is_some() { f.write_str("…") } else { Ok(()) }
    }
}
