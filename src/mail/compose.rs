//! From a mail as plug-ins hand it over to the bytes that mail servers exchange.

use std::time::SystemTime;
use std::{fs, io};

use export_sdk::{Mail, MailAddress, MailFile, safe_file_name};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, Mailbox, Message, MultiPart, SinglePart};

use super::{BadAddress, Sender, wire_address};

const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Why a mail could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A sender or recipient that cannot be written.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A file to attach that cannot be read.
    #[error("the attachment {name:?} could not be read")]
    Attachment {
        /// Its name.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// The library refused.
    #[error("the mail could not be put together")]
    Message(#[from] lettre::error::Error),
}

/// Puts `mail` together. Reads its files whole - whoever attaches them sees to their size - and so
/// blocks on the disk.
///
/// The message id follows from the key alone, so that a mail which is sent twice by accident shows
/// up once in most mail programs.
pub fn compose(mail: &Mail, from: &Sender, now: SystemTime) -> Result<Vec<u8>, ComposeError> {
    let sender = wire_address(&from.address)?;
    let id = format!("<{}@{}>", mail.key, sender.domain());
    let mut head = Message::builder()
        .from(Mailbox::new(from.name.as_deref().map(one_line), sender))
        .to(mailbox(&mail.to)?)
        .subject(mail.subject.as_str())
        .date(now)
        .message_id(Some(id));
    if let Some(reply_to) = &mail.reply_to {
        head = head.reply_to(mailbox(reply_to)?);
    }
    let text = body(&mail.text);
    let alternative =
        mail.html.as_deref().map(|html| MultiPart::alternative_plain_html(text.clone(), body(html)));
    let message = if mail.files.is_empty() {
        match alternative {
            Some(alternative) => head.multipart(alternative),
            None => head.singlepart(SinglePart::plain(text)),
        }
    } else {
        let mixed = MultiPart::mixed();
        let mut mixed = match alternative {
            Some(alternative) => mixed.multipart(alternative),
            None => mixed.singlepart(SinglePart::plain(text)),
        };
        for file in &mail.files {
            mixed = mixed.singlepart(attachment(file)?);
        }
        head.multipart(mixed)
    };
    Ok(message?.formatted())
}

fn mailbox(address: &MailAddress) -> Result<Mailbox, BadAddress> {
    Ok(Mailbox::new(None, wire_address(address)?))
}

fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// One kind of line break, no NUL: a lone CR means the end of a line to some servers only, and what
/// servers disagree about can be used to smuggle a second mail.
fn body(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

fn attachment(file: &MailFile) -> Result<SinglePart, ComposeError> {
    let bytes = fs::read(&file.path)
        .map_err(|source| ComposeError::Attachment { name: file.name.clone(), source })?;
    // Base64 whatever the bytes look like: they arrive as they are.
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
        .expect("base64 encodes every sequence of bytes");
    Ok(Attachment::new(safe_file_name(&file.name)).body(body, content_type(&file.media_type)))
}

/// Types that would make a mail program look for parts inside the attachment count as unknown.
fn content_type(media_type: &str) -> ContentType {
    let kind = media_type.to_ascii_lowercase();
    let nests = kind.starts_with("multipart/") || kind.starts_with("message/");
    let known = if nests { None } else { ContentType::parse(media_type).ok() };
    known.unwrap_or_else(|| ContentType::parse(UNKNOWN_TYPE).expect("a media type"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use export_sdk::MailSubject;

    use super::*;

    fn mail() -> Mail {
        let to = MailAddress::new("ann@example.org").unwrap();
        Mail::new("job1-0", to, MailSubject::new("Minutes"), "one\rtwo\n.\r\nthree\0")
    }

    fn composed(mail: &Mail, name: Option<&str>) -> String {
        let address = MailAddress::new("chat@exämple.org").unwrap();
        let from = Sender { address, name: name.map(str::to_owned) };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_030);
        String::from_utf8(compose(mail, &from, now).unwrap()).unwrap()
    }

    fn headers(message: &str) -> Vec<&str> {
        message.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn the_headers_follow_from_the_mail() {
        let message = composed(&mail(), Some("Büro"));
        let headers = headers(&message);
        let expected = [
            "From: =?utf-8?b?QsO8cm8=?= <chat@xn--exmple-cua.org>",
            "To: ann@example.org",
            "Subject: Minutes",
            "Date: Fri, 15 Mar 2024 10:20:30 +0000",
            "Message-ID: <job1-0@xn--exmple-cua.org>",
        ];
        for header in expected {
            assert!(headers.contains(&header), "{header} in {headers:?}");
        }
    }

    #[test]
    fn no_name_or_subject_begins_a_header() {
        let mut mail = mail();
        mail.subject = MailSubject::new("Hi\r\nBcc: eve@example.org");
        let message = composed(&mail, Some("Chat\r\nBcc: eve@example.org"));
        assert!(headers(&message).iter().all(|line| !line.starts_with("Bcc")), "{message}");
    }

    #[test]
    fn every_line_break_is_a_pair() {
        let mut mail = mail();
        mail.html = Some("<p>\rx\ny</p>".into());
        let message = composed(&mail, None).replace("\r\n", "");
        assert!(!message.contains(['\r', '\n', '\0']), "{message:?}");
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let mut mail = mail();
        let gone = tempfile::tempdir().unwrap().path().join("gone");
        mail.files.push(MailFile { name: "a.txt".into(), media_type: "text/plain".into(), path: gone });
        let from = Sender { address: mail.to.clone(), name: None };
        let error = compose(&mail, &from, SystemTime::now()).expect_err("gone");
        assert!(error.to_string().contains("\"a.txt\""), "{error}");
    }

    #[test]
    fn nothing_pretends_to_be_a_part_of_the_mail() {
        let parsed = |media_type| ContentType::parse(media_type).unwrap();
        for hostile in ["Multipart/mixed; boundary=x", "message/rfc822", "text/plain\r\nBcc: x", "", "x"] {
            assert_eq!(content_type(hostile), parsed(UNKNOWN_TYPE), "{hostile:?}");
        }
        assert_eq!(content_type("image/png"), parsed("image/png"));
    }
}
