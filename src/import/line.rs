//! One line: a message object of the REST API, or what our own exports have around their messages.

use serde::Deserialize;

use super::fields::Fields;
use super::file::FileLine;
use super::header::{self, Header};
use super::message;
use crate::domain::{Message, UserRef};

/// The roles within a room.
const ROLES: [&str; 3] = ["owner", "moderator", "leader"];

/// What a line is.
#[derive(Debug)]
pub(super) enum Line {
    /// The room that the lines after it belong to.
    Header(Box<Header>),
    /// Somebody who is in that room.
    Member(Box<Member>),
    /// A message.
    Message(Box<Message>),
    /// A file of the message before it.
    File(Box<FileLine>),
    /// The end of an export, with what it says to hold.
    End(Counts),
}

/// Somebody who is in a room.
#[derive(Debug, PartialEq)]
pub(super) struct Member {
    pub(super) user: UserRef,
    pub(super) roles: Vec<String>,
}

/// What an export says to hold.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    pub(super) messages: Option<u64>,
    pub(super) files: Option<u64>,
    pub(super) missing_files: Option<u64>,
}

/// Reads a line. The error names the field that is wrong.
pub(super) fn read(line: &[u8]) -> Result<Line, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut fields = Fields::of(text)?;
    // A message may have a `type`, but never without a room.
    if fields.has("rid") || !fields.has("type") {
        return message::read(fields).map(|message| Line::Message(Box::new(message)));
    }
    match fields.take::<String>("type")?.as_deref() {
        Some("header") => header::read(fields).map(|header| Line::Header(Box::new(header))),
        Some("member") => member(fields).map(|member| Line::Member(Box::new(member))),
        Some("file") => FileLine::read(fields).map(|file| Line::File(Box::new(file))),
        Some("end") => fields.need("counts").map(Line::End),
        other => Err(format!("`type` is {other:?}; it must be header, member, file or end")),
    }
}

fn member(mut fields: Fields<'_>) -> Result<Member, String> {
    let user = fields.user("user")?.ok_or("`user` is missing")?;
    let roles = fields.need::<Vec<String>>("roles")?;
    if let Some(role) = roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
        return Err(format!("`roles`: {role:?} is no role within a room: owner, moderator and leader are"));
    }
    if roles.len() > ROLES.len() {
        return Err("`roles`: a role stands there twice".to_owned());
    }
    Ok(Member { user, roles })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_the_messages_of_an_export_is_no_message() {
        let counts = br#"{"type":"end","counts":{"messages":2,"later":true}}"#;
        assert!(matches!(read(counts), Ok(Line::End(Counts { messages: Some(2), files: None, .. }))));
        assert!(read(br#"{"type":"footer"}"#).unwrap_err().contains("header, member, file or end"));
        let line = br#"{"type":"member","user":{"_id":"u","username":"bob"},"roles":["owner"]}"#;
        let Ok(Line::Member(member)) = read(line) else { panic!("no member") };
        assert_eq!((member.user.username.as_str(), member.roles.len()), ("bob", 1));
        let message = br#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u","username":"b"},"type":"end"}"#;
        let Ok(Line::Message(message)) = read(message) else { panic!("no message") };
        assert_eq!(message.extra.as_str(), r#"{"type":"end"}"#);
    }

    #[test]
    fn a_wrong_line_is_told_by_what_is_wrong() {
        for (line, expected) in [
            (&b"\xff\xfe"[..], "not UTF-8"),
            (b"{\"a\": \"\0\"}", "not a JSON object"),
            (br#"{"type":"member","user":{"_id":"u"},"roles":[]}"#, "`user`"),
            (br#"{"type":"member","user":{"_id":"u","username":"b"}}"#, "`roles` is missing"),
            (br#"{"type":"member","user":{"_id":"u","username":"b"},"roles":["x"]}"#, "is no role within a room"),
            (
                br#"{"type":"member","user":{"_id":"u","username":"b"},"roles":["owner","owner","owner","owner"]}"#,
                "stands there twice",
            ),
            (br#"{"type":"end"}"#, "`counts` is missing"),
            (br#"{"type":"end","counts":{"messages":-1}}"#, "`counts`"),
            (br#"{"type":7}"#, "`type`"),
        ] {
            let complaint = read(line).unwrap_err();
            assert!(complaint.contains(expected), "{complaint}");
        }
    }
}
