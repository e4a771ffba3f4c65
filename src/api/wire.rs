//! Rocket.Chat's JSON shapes, made from domain types.

use serde_json::{Map, Value, json};

use crate::domain::{
    Activity, Json, Message, MessageId, Room, RoomKind, Subscription, Time, UnreadThreads, User, UserId,
    UserRef,
};
use crate::export::view;

pub mod account;
mod belonging;
pub mod integration;
pub mod report;

pub use belonging::{invite, parent, team, team_type};

/// A point in time.
pub fn time(time: Time) -> Value {
    Value::String(time.to_string())
}

/// `{_id, username, name}`.
pub fn reference(user: &UserRef) -> Value {
    let mut value = json!({"_id": user.id.as_str(), "username": user.username});
    if let Some(name) = &user.name {
        value["name"] = name.as_str().into();
    }
    value
}

/// How much of an account somebody gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What everybody may see.
    Public,
    /// All but secrets: for administrators, and for oneself.
    Full,
}

/// An account. Never carries a hash or a token.
pub fn user(user: &User, detail: Detail) -> Value {
    let mut value = Map::new();
    let mut put = |key: &str, given: Value| {
        if !given.is_null() {
            value.insert(key.to_owned(), given);
        }
    };
    put("_id", user.id.as_str().into());
    put("username", user.username.as_str().into());
    put("name", json!(user.name));
    put("type", user.kind.word().into());
    put("status", user.status.as_str().into());
    put("statusText", json!(user.status_text));
    put("active", user.active.into());
    put("bio", json!(user.bio));
    put("nickname", json!(user.nickname));
    if detail == Detail::Full {
        put("roles", json!(user.roles));
        let email = |email: &crate::domain::user::Email| json!({"address": email.address, "verified": email.verified});
        if !user.emails.is_empty() {
            put("emails", user.emails.iter().map(email).collect());
        }
        put("createdAt", time(user.created));
        put("lastLogin", user.last_login.map_or(Value::Null, time));
        put("_updatedAt", time(user.updated));
        put("statusDefault", json!(user.status_default));
        put("customFields", user.custom_fields.value());
        if user.require_password_change {
            put("requirePasswordChange", true.into());
        }
    }
    extend_with(&mut value, &user.extra, |key| match detail {
        Detail::Full => key != KEYS,
        Detail::Public => PUBLIC_EXTRAS.contains(&key),
    });
    Value::Object(value)
}

/// Keys of encryption, which only their own endpoint gives out.
const KEYS: &str = "e2e";

/// What everybody may see of what is kept beside an account's own fields.
const PUBLIC_EXTRAS: [&str; 7] =
    ["utcOffset", "reason", "avatarETag", "federated", "freeSwitchExtension", "extension", "statusLivechat"];

/// A room with what happens in it. `last` is its last message, if the caller wants it shown.
pub fn room(room: &Room, activity: &Activity, last: Option<&Message>, viewer: &UserId) -> Value {
    let mut value = Map::new();
    let mut put = |key: &str, given: Value| {
        if !given.is_null() {
            value.insert(key.to_owned(), given);
        }
    };
    put("_id", room.id.as_str().into());
    put("t", room.kind.letter().into());
    put("name", json!(room.name));
    put("fname", json!(room.display_name));
    put("msgs", activity.messages.into());
    put("usersCount", activity.members.into());
    if room.kind == RoomKind::Direct {
        put("usernames", room.direct.iter().map(|member| member.username.as_str()).collect());
        put("uids", room.direct.iter().map(|member| member.id.as_str()).collect());
    } else {
        put("customFields", room.custom_fields.value());
    }
    put("u", room.creator.as_ref().map_or(Value::Null, reference));
    put("ts", time(room.created));
    put("ro", room.read_only.into());
    let extra = room.extra.value();
    put("sysMes", if extra["sysMes"].is_null() { true.into() } else { extra["sysMes"].clone() });
    put("default", room.default.into());
    put("_updatedAt", time(room.updated.max(activity.updated)));
    put("topic", json!(room.topic));
    put("description", json!(room.description));
    put("announcement", json!(room.announcement));
    put("broadcast", json!(room.broadcast));
    put("encrypted", json!(room.encrypted));
    put("reactWhenReadOnly", json!(room.react_when_read_only));
    put("prid", room.parent.as_ref().map_or(Value::Null, |id| id.as_str().into()));
    if room.archived {
        put("archived", true.into());
    }
    if room.join_code.is_some() {
        put("joinCodeRequired", true.into());
    }
    if !room.muted.is_empty() {
        put("muted", json!(room.muted));
    }
    if !room.unmuted.is_empty() {
        put("unmuted", json!(room.unmuted));
    }
    put("lm", activity.last_at.map_or(Value::Null, time));
    put("lastMessage", last.map_or(Value::Null, |last| message(last, viewer)));
    extend(&mut value, &room.extra);
    Value::Object(value)
}

/// A membership with so many unread messages.
pub fn subscription(
    subscription: &Subscription,
    member: &User,
    (room, activity): (&Room, &Activity),
    threads: &UnreadThreads,
    unread: u64,
) -> Value {
    let (name, fname) = subscription_names(member, room);
    let group_mentions = subscription.group_mentions(activity);
    let mut value = json!({
        "_id": subscription.id,
        "rid": subscription.room.as_str(),
        "t": room.kind.letter(),
        "name": name,
        "fname": fname,
        "u": reference(&member.reference()),
        "open": subscription.is_open(activity) || threads.show_room,
        "alert": subscription.is_alerted(activity) || !threads.all.is_empty(),
        "unread": unread,
        "userMentions": subscription.user_mentions,
        "groupMentions": group_mentions,
        "ts": time(subscription.created),
        "_updatedAt": time(subscription.updated.max(activity.updated)),
    });
    let Value::Object(map) = &mut value else { return value };
    let mut put = |key: &str, given: Value| {
        if !given.is_null() {
            map.insert(key.to_owned(), given);
        }
    };
    put("ls", subscription.last_seen.map_or(Value::Null, time));
    put("lr", subscription.last_replied.map_or(Value::Null, time));
    put("prid", room.parent.as_ref().map_or(Value::Null, |id| id.as_str().into()));
    if !threads.all.is_empty() {
        put("tunread", ids(&threads.all));
        put("tunreadUser", ids(&threads.mentioned));
        put("tunreadGroup", ids(&threads.everybody));
    }
    if subscription.favorite {
        put("f", true.into());
    }
    if !subscription.roles.is_empty() {
        put("roles", json!(subscription.roles));
    }
    if room.archived {
        put("archived", true.into());
    }
    extend(map, &subscription.extra);
    value
}

fn ids(messages: &[MessageId]) -> Value {
    messages.iter().map(MessageId::as_str).collect()
}

/// What a member calls the room: of a direct message the other members, sorted by their names.
fn subscription_names(member: &User, room: &Room) -> (String, String) {
    if room.kind != RoomKind::Direct {
        let name = room.name.clone().unwrap_or_default();
        return (name, room.title());
    }
    let mut others: Vec<&UserRef> = room.direct.iter().filter(|other| other.id != member.id).collect();
    if others.is_empty() {
        others = room.direct.iter().collect();
    }
    let shown = |user: &UserRef| user.name.clone().unwrap_or_else(|| user.username.clone());
    others.sort_by_key(|other| shown(other).to_lowercase());
    let names: Vec<&str> = others.iter().map(|other| other.username.as_str()).collect();
    let shown: Vec<String> = others.into_iter().map(shown).collect();
    (names.join(", "), shown.join(", "))
}

/// A message as `viewer` sees it: with their own star only, and the parsed text.
pub fn message(message: &Message, viewer: &UserId) -> Value {
    let mut seen = view::message(message);
    if message.starred.contains(viewer) {
        seen.starred = vec![viewer.as_str()];
    }
    let mut value = json!(seen);
    if message.kind.is_none() && !message.text.is_empty() {
        let text = json!([{"type": "PLAIN_TEXT", "value": message.text}]);
        value["md"] = json!([{"type": "PARAGRAPH", "value": text}]);
    }
    value
}

fn extend(value: &mut Map<String, Value>, extra: &Json) {
    extend_with(value, extra, |_| true);
}

fn extend_with(value: &mut Map<String, Value>, extra: &Json, is_shown: impl Fn(&str) -> bool) {
    if let Value::Object(extra) = extra.value() {
        for (key, given) in extra.into_iter().filter(|(key, _)| is_shown(key)) {
            value.entry(key).or_insert(given);
        }
    }
}
