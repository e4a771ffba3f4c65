//! What a request may choose for the delivery `email`, parsed into types that cannot be wrong.

use export_sdk::{Error, LONGEST_LINK_MINUTES, MailAddress, MailSubject, OptionSpec, Packaging, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::digest;

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
    OptionSpec {
        name: "as",
        kind: "auto, link or attachment",
        default: "auto",
        help: "How the zip is handed over; auto: attached below a size, else by a link that opens it once",
    },
    OptionSpec {
        name: "linkMinutes",
        kind: "number",
        default: "10080",
        help: "How long a link can be used, at most a week",
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
    pub(crate) shape: Shape,
    pub(crate) link_minutes: u64,
}

impl EmailOptions {
    /// Messages alone are the mail itself, unless somebody wants them in a file.
    pub(crate) fn packaging(&self, formats: &[String]) -> Packaging {
        match (self.shape, formats) {
            (Shape::Auto, [format]) if format == digest::ID => Packaging::Loose,
            (Shape::Auto | Shape::Link | Shape::Attachment, _) => Packaging::SingleFile,
        }
    }
}

/// How the zip is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As an attachment where that fits, else as a link.
    Auto,
    Link,
    Attachment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Raw {
    to: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    reply_to: Option<String>,
    #[serde(default, rename = "as", deserialize_with = "shape")]
    shape: Option<Shape>,
    #[serde(default, deserialize_with = "link_minutes")]
    link_minutes: Option<u64>,
}

fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Shape>, D::Error> {
    let named = |error: D::Error| D::Error::custom(format!("`as`: {error}"));
    match Option::<String>::deserialize(deserializer).map_err(named)?.as_deref() {
        None => Ok(None),
        Some("auto") => Ok(Some(Shape::Auto)),
        Some("link") => Ok(Some(Shape::Link)),
        Some("attachment") => Ok(Some(Shape::Attachment)),
        Some(other) => Err(D::Error::custom(format!("`as`: {other:?} is none of auto, link and attachment"))),
    }
}

fn link_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let wrong =
        || D::Error::custom(format!("`linkMinutes`: write 1 to {LONGEST_LINK_MINUTES}, which is a week"));
    let minutes = Option::<u64>::deserialize(deserializer).map_err(|_| wrong())?;
    if minutes.is_some_and(|minutes| !(1..=LONGEST_LINK_MINUTES).contains(&minutes)) {
        return Err(wrong());
    }
    Ok(minutes)
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
            shape: raw.shape.unwrap_or(Shape::Auto),
            link_minutes: raw.link_minutes.unwrap_or(LONGEST_LINK_MINUTES),
        })
    }
}

fn parse(option: &str, text: &str) -> Result<MailAddress> {
    MailAddress::new(text.trim()).map_err(|error| Error::bad_options(format!("`{option}`: {error}")))
}
