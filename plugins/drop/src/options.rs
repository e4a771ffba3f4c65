//! What a request may choose for the transform `drop`.

use export_sdk::{Error, OptionSpec, Result};
use serde::Deserialize;

/// The options for people.
pub(crate) const SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "from",
        kind: "list of usernames",
        default: "[]",
        help: "Messages of these people go, system messages about what they did included",
    },
    OptionSpec {
        name: "notFrom",
        kind: "list of usernames",
        default: "[]",
        help: "Messages of everybody else go: only these people's stay",
    },
    OptionSpec {
        name: "matching",
        kind: "list of regular expressions",
        default: "[]",
        help: "Messages go whose text, card or quote one of these matches; (?i) ignores case",
    },
    OptionSpec {
        name: "kinds",
        kind: "list of types",
        default: "[]",
        help: "System messages of these types go: uj, ul, room_changed_topic",
    },
    OptionSpec { name: "withFiles", kind: "boolean", default: "false", help: "Messages with files go" },
    OptionSpec { name: "replies", kind: "boolean", default: "false", help: "Replies in threads go" },
    OptionSpec {
        name: "reactions",
        kind: "boolean",
        default: "false",
        help: "Reactions go; the messages under which they stand stay",
    },
];

/// What goes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct DropOptions {
    pub(crate) from: Vec<String>,
    pub(crate) not_from: Vec<String>,
    pub(crate) matching: Vec<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) with_files: bool,
    pub(crate) replies: bool,
    pub(crate) reactions: bool,
}

impl DropOptions {
    /// Refuses what asks for nothing, or for everything.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.from.is_empty() && !self.not_from.is_empty() {
            return Err(Error::bad_options("`from` and `notFrom` exclude each other; give one of them"));
        }
        let lists = [&self.from, &self.not_from, &self.matching, &self.kinds];
        let asks = lists.iter().any(|list| !list.is_empty());
        if asks || self.with_files || self.replies || self.reactions {
            return Ok(());
        }
        let names: Vec<_> = SPECS.iter().map(|option| format!("`{}`", option.name)).collect();
        let names = names.join(", ");
        Err(Error::bad_options(format!("options of `drop`: nothing to leave out; give one of {names}")))
    }
}
