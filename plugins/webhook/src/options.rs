//! What a request may choose for the delivery `webhook`, parsed into types that cannot be wrong.

use export_sdk::{Error, OptionSpec, Result};
use outbound::Target;
use serde::Deserialize;

/// The options for people.
pub(crate) const SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "url",
        kind: "string",
        default: "",
        help: "Where to post the export: https://…, a host that the administrator allows",
    },
    OptionSpec {
        name: "content",
        kind: "file|notice",
        default: "file",
        help: "Post the zip itself, or only a note in JSON that the export is done",
    },
];

/// Where the export goes, and as what.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub(crate) struct WebhookOptions {
    pub(crate) target: Target,
    pub(crate) content: Kind,
}

/// What the body of the request is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The packed export.
    #[default]
    File,
    /// A note in JSON.
    Notice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: String,
    #[serde(default)]
    content: Kind,
}

impl TryFrom<Raw> for WebhookOptions {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self> {
        let bad = |complaint| Error::bad_options(format!("`url` {complaint}"));
        Ok(Self { target: Target::parse(&raw.url).map_err(bad)?, content: raw.content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_web_address_is_refused_by_the_name_of_the_option() {
        for url in ["", "hush", "ftp://example.org/hush", "https://hush@example.org/"] {
            let raw = Raw { url: url.to_owned(), content: Kind::File };
            let message = WebhookOptions::try_from(raw).expect_err(url).to_string();
            assert!(message.starts_with("`url` ") && !message.contains("hush"), "{url}: {message}");
        }
    }
}
