//! What a request may choose for the delivery `email`, parsed into types that cannot be wrong.

use export_sdk::{Error, MailAddress, MailSubject, OptionSpec, Result};
use serde::Deserialize;

/// The options for people.
pub(crate) const SPECS: &[OptionSpec] = &[
    OptionSpec {
        name: "to",
        kind: "list of strings",
        default: "",
        help: "E-mail addresses; each gets a mail of its own",
    },
    OptionSpec {
        name: "subject",
        kind: "string",
        default: "",
        help: "The subject; without it the room's name",
    },
    OptionSpec {
        name: "replyTo",
        kind: "string",
        default: "",
        help: "Where answers go; without it to the server's own address",
    },
];

/// Who gets the export and how it is announced.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub(crate) struct EmailOptions {
    /// At least one, none twice.
    pub(crate) to: Vec<MailAddress>,
    pub(crate) subject: Option<MailSubject>,
    pub(crate) reply_to: Option<MailAddress>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Raw {
    to: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    reply_to: Option<String>,
}

impl TryFrom<Raw> for EmailOptions {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self> {
        let mut to: Vec<MailAddress> = Vec::new();
        for text in &raw.to {
            let address = parse("to", text)?;
            if !to.iter().any(|known| known.as_str().eq_ignore_ascii_case(address.as_str())) {
                to.push(address);
            }
        }
        if to.is_empty() {
            return Err(Error::bad_options("`to` is empty; give at least one e-mail address"));
        }
        Ok(Self {
            to,
            subject: raw.subject.as_deref().map(MailSubject::new),
            reply_to: raw.reply_to.map(|text| parse("replyTo", &text)).transpose()?,
        })
    }
}

fn parse(option: &str, text: &str) -> Result<MailAddress> {
    MailAddress::new(text.trim()).map_err(|error| Error::bad_options(format!("`{option}`: {error}")))
}
