//! One message as Slack writes it.

use export_sdk::{Message, Result, Timestamp};
use serde::Serialize;

use crate::card::{Card, cards};
use crate::file::{SlackFile, files};
use crate::id;
use crate::mrkdwn::{Named, mrkdwn};
use crate::people::People;
use crate::system::system;

/// Where a message stands: what only the writer knows.
pub(crate) struct Place<'a> {
    pub(crate) ts: &'a str,
    /// Timestamp and author of the message that began the thread.
    pub(crate) thread: Option<(String, String)>,
    /// The id of the room.
    pub(crate) channel: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<&'static str>,
    user: String,
    /// The name shown instead of the author's.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inviter: Option<String>,
    text: String,
    ts: &'a str,
    client_msg_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<Edited>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pinned_to: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<SlackFile<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Card>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_count: Option<u64>,
}

#[derive(Serialize)]
struct Edited {
    user: String,
    ts: String,
}

#[derive(Serialize)]
struct Reaction<'a> {
    name: &'a str,
    users: Vec<String>,
    count: usize,
}

/// The message as JSON, and the id of its user; everybody it names joins `people`.
pub(crate) fn line(
    message: &Message<'_>,
    place: &Place<'_>,
    people: &mut People,
) -> Result<(Vec<u8>, String)> {
    let named = Named::of(message);
    let system = system(message);
    let alias = message.alias();
    gather(message, &named, people);
    let user = system.as_ref().map_or(message.author.username, |system| &system.username);
    if system.is_some() {
        people.named(user, None);
    }
    let changed = |wanted: &str| {
        let (key, value) = system.as_ref()?.changed.as_ref()?;
        (*key == wanted).then_some(value.as_str())
    };
    let broadcast = place.thread.is_some() && message.shown_in_room;
    let user = id::user(user);
    let line = Line {
        kind: "message",
        subtype: system.as_ref().map(|system| system.subtype).or(broadcast.then_some("thread_broadcast")),
        user: user.clone(),
        username: alias.as_deref(),
        inviter: system.as_ref().and_then(|system| system.inviter.clone()),
        text: system.as_ref().map_or_else(|| mrkdwn(message.text, &named), |system| system.text.clone()),
        ts: place.ts,
        client_msg_id: message.id,
        thread_ts: match &place.thread {
            Some((ts, _)) => Some(ts),
            None => message.replies.as_ref().map(|_| place.ts),
        },
        parent_user_id: place.thread.as_ref().map(|(_, user)| user.as_str()),
        topic: changed("topic"),
        purpose: changed("purpose"),
        name: changed("name"),
        edited: message
            .edited
            .map(|edited| Edited { user: id::user(edited.by_username), ts: ts(micros(edited.at)) }),
        pinned_to: message.pinned.map(|_| place.channel).into_iter().collect(),
        reactions: message.reactions.iter().map(reaction).collect(),
        files: files(message),
        attachments: cards(message),
        reply_count: message.replies.as_ref().map(|replies| replies.count),
    };
    Ok((serde_json::to_vec(&line)?, user))
}

fn reaction<'a>(reaction: &export_sdk::Reaction<'a>) -> Reaction<'a> {
    let users: Vec<String> = reaction.usernames.iter().map(|username| id::user(username)).collect();
    Reaction { name: reaction.emoji.trim_matches(':'), count: users.len(), users }
}

fn gather(message: &Message<'_>, named: &Named<'_>, people: &mut People) {
    people.named(message.author.username, message.author.name);
    for person in &named.people {
        if !matches!(&*person.username, "all" | "here") {
            people.named(&person.username, person.name.as_deref());
        }
    }
    for reaction in &message.reactions {
        for (n, username) in reaction.usernames.iter().enumerate() {
            people.named(username, reaction.names.get(n).copied());
        }
    }
    if let Some(edited) = message.edited {
        people.named(edited.by_username, None);
    }
}

/// Microseconds since 1970.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.millis() * 1000
}

/// `seconds.micros`.
pub(crate) fn ts(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_six_digits_after_the_point() {
        assert_eq!(ts(1_710_000_000_123_001), "1710000000.123001");
        assert_eq!(ts(0), "0.000000");
        assert_eq!(ts(-1), "-0.000001");
    }
}
