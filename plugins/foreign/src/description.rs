//! What a foreign format says it is.

use export_sdk::plain_line;
use serde::Deserialize;
use serde_json::Value;

use crate::Options;

/// Bytes of the JSON that a format describes itself with.
pub const LONGEST_DESCRIPTION: usize = 64 * 1024;

/// The version of the interface that this program speaks.
const INTERFACE: u64 = 1;
const LONGEST_NAME: usize = 32;
const LONGEST_VERSION: usize = 32;
const LONGEST_LINE: usize = 200;
const LONGEST_EXTENSION: usize = 16;
const LONGEST_MEDIA_TYPE: usize = 100;

/// What a foreign format says it is, checked.
#[derive(Debug, Clone)]
pub struct Description {
    /// The word in requests: a letter or digit, then up to 31 more of `a-z0-9-`.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One line for people who choose a format.
    pub description: String,
    /// The extension of its files, without the dot.
    pub extension: String,
    /// The media type of its files.
    pub media_type: String,
    /// Whether its files are no text in UTF-8.
    pub binary: bool,
    /// What a request may choose.
    pub options: Options,
}

#[derive(Deserialize)]
struct Raw {
    abi: u64,
    name: String,
    version: String,
    description: String,
    extension: String,
    media_type: String,
    #[serde(default)]
    binary: bool,
    #[serde(default)]
    options: Value,
}

impl Description {
    /// Reads the JSON object that a format describes itself with. Keys it does not know are ignored. The
    /// error says, in words that follow "it ", what is wrong.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        if json.len() > LONGEST_DESCRIPTION {
            return Err(format!("describes itself in more than {LONGEST_DESCRIPTION} bytes"));
        }
        let raw: Raw =
            serde_json::from_slice(json).map_err(|error| format!("describes itself wrongly: {error}"))?;
        raw.check().map_err(|error| format!("describes itself wrongly: {error}"))
    }
}

impl Raw {
    fn check(self) -> Result<Description, String> {
        if self.abi != INTERFACE {
            return Err(format!("`abi` is {}; this program speaks {INTERFACE}", self.abi));
        }
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_name = self.name.len() <= LONGEST_NAME
            && self.name.starts_with(word)
            && self.name.chars().all(|c| word(c) || c == '-');
        if !is_name {
            return Err(format!("`name` must be 1 to {LONGEST_NAME} of a-z, 0-9 and '-', not '-' first"));
        }
        let is_extension =
            (1..=LONGEST_EXTENSION).contains(&self.extension.len()) && self.extension.chars().all(word);
        if !is_extension {
            return Err(format!("`extension` must be 1 to {LONGEST_EXTENSION} of a-z and 0-9"));
        }
        if !is_media_type(&self.media_type) {
            return Err("`media_type` must be like text/plain; charset=utf-8".to_owned());
        }
        line("version", &self.version, LONGEST_VERSION)?;
        line("description", &self.description, LONGEST_LINE)?;
        Ok(Description {
            options: Options::parse(&self.options)?,
            name: self.name,
            version: self.version,
            description: self.description,
            extension: self.extension,
            media_type: self.media_type,
            binary: self.binary,
        })
    }
}

/// Refuses a text that is not one line for people.
pub(crate) fn line(key: &str, text: &str, most: usize) -> Result<(), String> {
    let is_line = !text.is_empty() && text.chars().count() <= most && plain_line(text) == text;
    if is_line { Ok(()) } else { Err(format!("`{key}` must be a line of 1 to {most} characters")) }
}

/// `type/subtype`, and after a semicolon whatever may stand in a header.
fn is_media_type(text: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
    let essence = text.split(';').next().unwrap_or_default();
    let is_token = |part: &str| !part.is_empty() && part.chars().all(token);
    text.len() <= LONGEST_MEDIA_TYPE
        && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        && essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Value {
        json!({"abi": 1, "name": "tsv", "version": "1.0", "description": "One line a message",
            "extension": "tsv", "media_type": "text/tab-separated-values; charset=utf-8"})
    }

    #[test]
    fn what_is_not_needed_may_be_missing_and_what_is_new_is_ignored() {
        let mut json = whole();
        json["since"] = json!({"later": [1]});
        let description = Description::parse(json.to_string().as_bytes()).unwrap();
        assert_eq!((&*description.name, description.binary), ("tsv", false));
        assert!(description.options.specs().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (key, value) in [
            ("abi", json!(2)),
            ("abi", json!("1")),
            ("name", json!("")),
            ("name", json!("-tsv")),
            ("name", json!("TSV")),
            ("name", json!("t.sv")),
            ("name", json!("t".repeat(33))),
            ("version", json!("")),
            ("version", json!("1\n2")),
            ("description", json!("\u{1b}[31m")),
            ("description", json!("x".repeat(201))),
            ("extension", json!("tar.gz")),
            ("extension", json!("")),
            ("media_type", json!("text")),
            ("media_type", json!("text/")),
            ("media_type", json!("text/plain\r\nX-Evil: 1")),
            ("media_type", json!("text/<b>")),
            ("binary", json!("no")),
            ("options", json!(["header"])),
        ] {
            let mut json = whole();
            json[key] = value.clone();
            let error = Description::parse(json.to_string().as_bytes()).expect_err(key);
            let named = error.contains(&format!("`{key}`")) || error.contains("invalid type");
            assert!(named, "{key} = {value}: {error}");
        }
        for key in ["abi", "name", "version", "description", "extension", "media_type"] {
            let mut json = whole();
            json.as_object_mut().unwrap().remove(key);
            let error = Description::parse(json.to_string().as_bytes()).expect_err(key);
            assert!(error.contains(key), "{error}");
        }
        assert!(Description::parse(b"\xff{}").is_err());
        assert!(Description::parse(&vec![b' '; LONGEST_DESCRIPTION + 1]).is_err());
    }
}
