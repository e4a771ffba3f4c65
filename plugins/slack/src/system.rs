//! Messages of the system: the subtype Slack has for them, and what they say.

use export_sdk::{Message, system_text};

use crate::id;
use crate::mrkdwn::escaped;

/// A system message in Slack's terms.
pub(crate) struct System {
    pub(crate) subtype: &'static str,
    /// The login name of whom Slack names as its user: who came or went, not who saw to it.
    pub(crate) username: String,
    /// Who brought them in.
    pub(crate) inviter: Option<String>,
    pub(crate) text: String,
    /// The new topic, purpose or name, and the key it has.
    pub(crate) changed: Option<(&'static str, String)>,
}

/// What kind of system message it is; `None` for what people wrote.
///
/// What Slack has no subtype for becomes a `me_message`: the actor, followed by what was done.
pub(crate) fn system(message: &Message<'_>) -> Option<System> {
    let kind = message.kind?;
    let said = system_text(message)?;
    let actor = format!("<@{}>", id::user(message.author.username));
    let other = message.text;
    let own = |subtype: &'static str, text: String| System {
        subtype,
        username: message.author.username.to_owned(),
        inviter: None,
        text,
        changed: None,
    };
    let of_another =
        |subtype: &'static str, text: String| System { username: other.to_owned(), ..own(subtype, text) };
    let mention = format!("<@{}>", id::user(other));
    let change = |subtype, key, words: &str| System {
        changed: Some((key, escaped(other))),
        ..own(subtype, format!("{actor} {words}: {}", escaped(other)))
    };
    Some(match kind {
        "uj" | "ut" | "ujt" => own("channel_join", format!("{actor} has joined the channel")),
        "ul" | "ult" => own("channel_leave", format!("{actor} has left the channel")),
        "au" | "added-user-to-team" => System {
            inviter: Some(id::user(message.author.username)),
            ..of_another("channel_join", format!("{mention} has joined the channel"))
        },
        "ru" | "removed-user-from-team" => {
            of_another("channel_leave", format!("{mention} was removed from the channel by {actor}"))
        }
        "room_changed_topic" => change("channel_topic", "topic", "set the channel topic"),
        "room_changed_description" => change("channel_purpose", "purpose", "set the channel purpose"),
        "r" => change("channel_name", "name", "has renamed the channel"),
        "room-archived" => own("channel_archive", format!("{actor} archived the channel")),
        "room-unarchived" => own("channel_unarchive", format!("{actor} un-archived the channel")),
        _ => own("me_message", escaped(&said)),
    })
}
