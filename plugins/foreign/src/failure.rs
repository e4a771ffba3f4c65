//! Why a foreign format could not go on.

use std::io;

use export_sdk::{Error, ErrorKind, plain_line};
use serde::Deserialize;

/// The most characters of a foreign text that people are shown.
const SHOWN: usize = 300;

/// Why a foreign format could not go on.
#[derive(Debug)]
pub enum Failure {
    /// The file could not be written, or the export was cancelled. Not the format's doing.
    Output(Error),
    /// The format itself says that it cannot write this room, or not with these options.
    Said(String),
    /// The format did what it must not: it stopped in the middle, took too long, or lied. Counts towards
    /// switching it off. In words that follow "the format …".
    Fault(String),
    /// There was no place to run it. Tried again later.
    Busy(String),
}

impl Failure {
    /// A fault in these words.
    pub fn fault(words: impl Into<String>) -> Self {
        Self::Fault(words.into())
    }

    /// What a format said went wrong: `{"kind", "message"}`.
    ///
    /// `kind` is `bad-option`, `unsupported` or `failed`. Anything else is a fault.
    pub fn said(json: &[u8]) -> Self {
        match serde_json::from_slice(json) {
            Ok(Complaint { kind: Kind::BadOption, message }) => {
                Self::Said(format!("does not take these options: {}", shown(&message)))
            }
            Ok(Complaint { kind: Kind::Unsupported, message }) => {
                Self::Said(format!("cannot express this: {}", shown(&message)))
            }
            Ok(Complaint { kind: Kind::Failed, message }) => {
                Self::Said(format!("says that it failed: {}", shown(&message)))
            }
            Err(error) => Self::Fault(format!("said that something is wrong, but not what: {error}")),
        }
    }

    /// It in words that follow "the format …".
    pub fn words(&self) -> String {
        match self {
            Self::Output(error) => format!("has no place to write to: {error}"),
            Self::Said(words) | Self::Fault(words) | Self::Busy(words) => words.clone(),
        }
    }

    /// The failure as an export's error. `format` names the format.
    pub(crate) fn into_error(self, format: &str) -> Error {
        match self {
            Self::Output(error) => error,
            Self::Said(words) | Self::Fault(words) => {
                Error::new(ErrorKind::Rejected, format!("the format {format} {words}"))
            }
            Self::Busy(words) => Error::new(ErrorKind::Unavailable, format!("the format {format} {words}")),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Output(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error.into())
    }
}

#[derive(Deserialize)]
struct Complaint {
    kind: Kind,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    BadOption,
    Unsupported,
    Failed,
}

/// A foreign text on one line, not too long, in which nothing acts.
pub fn shown(text: &str) -> String {
    let mut line: String = plain_line(text).chars().take(SHOWN + 1).collect();
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_format_says_is_shown_and_what_it_stammers_is_a_fault() {
        let said = |json: &str| match Failure::said(json.as_bytes()) {
            Failure::Said(words) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            said(r#"{"kind":"bad-option","message":"no\nsuch \u001b[1m column","more":1}"#),
            "does not take these options: no such ␛[1m column"
        );
        assert!(said(r#"{"kind":"unsupported"}"#).starts_with("cannot express"));
        let long = said(&format!(r#"{{"kind":"failed","message":"{}"}}"#, "ä".repeat(1000)));
        assert!(long.ends_with("ä…") && long.chars().count() < SHOWN + 40, "{long}");
        for stammer in ["", "{}", r#"{"kind":"other"}"#, "\u{0}", r#"{"kind":"failed","message":1}"#] {
            assert!(matches!(Failure::said(stammer.as_bytes()), Failure::Fault(_)), "{stammer}");
        }
        assert!(matches!(Failure::said(b"\xff"), Failure::Fault(_)));
    }
}
