//! What system messages say.

use std::borrow::Cow;

use crate::Message;

/// The English sentence of a system message, without its actor: `joined the channel`.
///
/// `None` for what people wrote. The result is hostile text like any other: names and topics are
/// part of it. An unknown type is named in brackets, so that nothing is lost.
pub fn system_text<'a>(message: &Message<'a>) -> Option<Cow<'a, str>> {
    let kind = message.kind?;
    let msg = message.text;
    if let Some(fixed) = fixed(kind) {
        return Some(Cow::Borrowed(fixed));
    }
    Some(Cow::Owned(match kind {
        "au" => format!("added {msg}"),
        "ru" => format!("removed {msg}"),
        "r" => format!("changed room name to {msg}"),
        "wm" => format!("Welcome {}", message.author.username),
        "user-muted" => format!("muted {msg}"),
        "user-unmuted" => format!("unmuted {msg}"),
        "subscription-role-added" => format!("set {msg} as {}", role(message)),
        "subscription-role-removed" => format!("removed {msg} as {}", role(message)),
        "discussion-created" => format!("started the discussion {msg}"),
        "room_changed_topic" => format!("changed room topic to {}", or_none(msg)),
        "room_changed_description" => format!("changed room description to: {}", or_none(msg)),
        "room_changed_announcement" => format!("changed room announcement to: {}", or_none(msg)),
        "room_changed_privacy" => format!("changed room to {msg}"),
        "added-user-to-team" => format!("added @{msg} to this team"),
        "removed-user-from-team" => format!("removed @{msg} from this team"),
        "user-added-room-to-team" => format!("added #{msg} to this team"),
        "user-removed-room-from-team" => format!("removed #{msg} from this team"),
        "user-deleted-room-from-team" => format!("deleted #{msg}"),
        "user-converted-to-team" => format!("converted #{msg} to a team"),
        "user-converted-to-channel" => format!("converted #{msg} to a channel"),
        "" => return None,
        other if msg.is_empty() => format!("[{other}]"),
        other => format!("[{other}] {msg}"),
    }))
}

fn fixed(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "uj" => "joined the channel",
        "ul" => "left the channel",
        "ut" => "joined the conversation",
        "ujt" => "joined this team",
        "ult" => "left this team",
        "rm" => "message removed",
        "message_pinned" => "pinned a message",
        "room_changed_avatar" => "changed room avatar",
        "room-archived" => "archived room",
        "room-unarchived" => "unarchived room",
        "room-set-read-only" => "set room to read only",
        "room-removed-read-only" => "removed read only permission",
        "room-allowed-reacting" => "allowed reactions",
        "room-disallowed-reacting" => "disallowed reactions",
        "room_e2e_enabled" => "enabled E2E encryption for this room",
        "room_e2e_disabled" => "disabled E2E encryption for this room",
        "videoconf" => "started a conference call",
        "livechat-started" => "Chat started",
        "livechat-close" => "Conversation finished",
        "e2e" => "sent an encrypted message that only its recipients can read",
        "otr" => "sent an off-the-record message",
        _ => return None,
    })
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

fn role<'a>(message: &Message<'a>) -> Cow<'a, str> {
    let raw = message.extra.iter().find(|(key, _)| key == "role").map(|(_, raw)| *raw);
    raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok()).map_or("member".into(), Cow::Owned)
}
