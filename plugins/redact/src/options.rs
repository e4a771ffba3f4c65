//! What a request may choose for the transform `redact`.

use export_sdk::OptionSpec;
use serde::Deserialize;

/// The options for people.
pub(crate) const SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "kinds",
        kind: "list of email|phone|card|iban|ip",
        default: "[\"email\", \"phone\", \"card\", \"iban\"]",
        help: "What is blacked out; an empty list leaves only `patterns`",
    },
    OptionSpec {
        name: "patterns",
        kind: "list of regular expressions",
        default: "[]",
        help: "What else is blacked out; (?i) ignores case",
    },
    OptionSpec {
        name: "replacement",
        kind: "string",
        default: "",
        help: "What stands there instead; without it [email], [phone] and so on, [redacted] for `patterns`",
    },
];

/// What is blacked out, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RedactOptions {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) patterns: Vec<String>,
    pub(crate) replacement: Option<String>,
}

impl Default for RedactOptions {
    fn default() -> Self {
        let kinds = vec![Kind::Email, Kind::Phone, Kind::Card, Kind::Iban];
        Self { kinds, patterns: Vec::new(), replacement: None }
    }
}

/// What is known without a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Email,
    Phone,
    Card,
    Iban,
    Ip,
}

impl Kind {
    /// In the order of looking: what has a checksum goes before what could be part of it.
    pub(crate) const ALL: [Self; 5] = [Self::Email, Self::Iban, Self::Card, Self::Phone, Self::Ip];

    /// What stands there instead.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::Ip => "[ip]",
        }
    }
}
