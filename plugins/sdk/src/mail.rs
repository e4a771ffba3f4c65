//! Mails as plug-ins hand them to the server; header injection is impossible by type.

use std::fmt;
use std::path::PathBuf;

use crate::{Error, Result};

/// The server's durable queue of mails.
pub trait Outbox: Send + Sync {
    /// Queues a mail. When this returns `Ok` the mail is on disk and will be sent, with retries,
    /// however often the server restarts. A mail whose key is known already is not queued again.
    /// Blocks on the disk: call it from a blocking thread or for few mails.
    fn post(&self, mail: Mail) -> Result<()>;

    /// Whether a mail of this key was queued, however long ago.
    fn knows(&self, key: &str) -> Result<bool>;
}

/// One mail to one recipient.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Mail {
    /// Names this mail for ever: posting the same key twice sends one mail. Letters, digits, `-`, `.`.
    pub key: String,
    /// The recipient.
    pub to: MailAddress,
    /// Where answers go, if not to the server's own address.
    pub reply_to: Option<MailAddress>,
    /// The subject.
    pub subject: MailSubject,
    /// The plain-text body.
    pub text: String,
    /// The HTML body.
    pub html: Option<String>,
    /// Files to attach. They are read when the mail is posted, not later.
    pub files: Vec<MailFile>,
}

impl Mail {
    /// A plain-text mail; set the rest.
    pub fn new(
        key: impl Into<String>,
        to: MailAddress,
        subject: MailSubject,
        text: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            to,
            reply_to: None,
            subject,
            text: text.into(),
            html: None,
            files: Vec::new(),
        }
    }
}

/// A file to attach.
#[derive(Debug, Clone)]
pub struct MailFile {
    /// The name the recipient sees.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// Where it lies now.
    pub path: PathBuf,
}

/// One e-mail address without a display name: `ann@example.org`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailAddress(String);

impl MailAddress {
    /// Accepts `local@domain` of printable characters without blanks, quotes, brackets, commas or
    /// further `@`; nothing that could begin another header or another recipient.
    pub fn new(address: &str) -> Result<Self> {
        let fault = || Error::bad_options(format!("{address:?} is not an e-mail address"));
        let (local, domain) = address.split_once('@').ok_or_else(fault)?;
        let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let host = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
        let dotted = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
        let good = address.len() <= 254
            && dotted(local)
            && local.chars().all(plain)
            && dotted(domain)
            && domain.chars().all(host)
            && !domain.split('.').any(|label| label.starts_with('-') || label.ends_with('-'));
        if good { Ok(Self(address.to_owned())) } else { Err(fault()) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A subject line: one line, no control characters, at most 250 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSubject(String);

impl MailSubject {
    /// The nearest subject to `text`: line breaks and control characters become blanks.
    pub fn new(text: &str) -> Self {
        let one_line: String = text
            .chars()
            .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
            .collect();
        Self(one_line.trim().chars().take(250).collect())
    }

    /// The subject.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_carry_a_second_one_or_a_header() {
        let bad = [
            "a@b\r\nBcc: c@d",
            "a@b,c@d",
            "a b@c",
            "\"x\"@b",
            "a@",
            "@b",
            "a",
            "a@@b",
            "a@b>",
            "a..b@c",
            "a@-b",
        ];
        for address in bad {
            assert!(MailAddress::new(address).is_err(), "{address:?}");
        }
        for address in ["ann@example.org", "a+b@localhost", "ü@exämple.de", "o'neil@x.y"] {
            assert!(MailAddress::new(address).is_ok(), "{address:?}");
        }
    }

    #[test]
    fn a_subject_is_always_one_line() {
        let subject = MailSubject::new("hello\r\nBcc: eve@example.org\u{2028}x\0");
        assert_eq!(subject.as_str(), "hello  Bcc: eve@example.org x");
    }
}
