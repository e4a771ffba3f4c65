//! What a request may choose for the transform `anonymize`.

use export_sdk::OptionSpec;
use serde::Deserialize;

/// The options for people.
pub(crate) const SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "keep",
        kind: "list of usernames",
        default: "[]",
        help: "People who keep their names, such as the one whose own words are asked for",
    },
    OptionSpec {
        name: "files",
        kind: "keep|drop",
        default: "keep",
        help: "Whether files stay, under names that say nothing; what is inside of them does not change",
    },
];

/// Who stays who they are, and what becomes of files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AnonymizeOptions {
    pub(crate) keep: Vec<String>,
    pub(crate) files: Files,
}

/// What becomes of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Files {
    #[default]
    Keep,
    Drop,
}
