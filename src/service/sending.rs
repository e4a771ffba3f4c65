//! Sending a message: what is checked, and all that changes with it in one batch.
//!
//! The cost does not grow with the room: its activity, the author's membership, those of the
//! people mentioned, and the parent of the thread are all that is touched.

use serde_json::{Map, Value};

use super::{access, cards, hooks, members, mentions, settings, threads, writing};
use crate::app::App;
use crate::domain::id::LONGEST_ID;
use crate::domain::{Activity, Json, Message, MessageId, Room, RoomId, RoomKind, Subscription, Time, User};
use crate::error::{Error, Result};
use crate::store::Batch;

/// A message that somebody wants to send.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The id the client chose.
    pub id: Option<MessageId>,
    /// The text; may be empty.
    pub text: String,
    /// Rocket.Chat's type, for messages that only clients understand.
    pub kind: Option<String>,
    /// The time by the client's clock.
    pub sent_at: Option<Time>,
    /// The message to reply to in a thread.
    pub thread: Option<MessageId>,
    /// Show a reply in the room, too.
    pub shown_in_room: bool,
    /// Cards.
    pub attachments: Option<Vec<Value>>,
    /// The links to show a preview of; `None`: all.
    pub preview_urls: Option<Vec<String>>,
    /// Every other key (`alias`, `emoji`, `customFields` …).
    pub extra: Map<String, Value>,
    /// The first file, and all of them.
    pub files: Option<(Value, Value)>,
    /// Join the room first, if that is possible and needed.
    pub join: bool,
    /// Posted by an integration, which may show another name and picture than its user's.
    pub by_program: bool,
}

/// Sends a message to `room`, or to wherever the message it replies to is. Sending one of an id that
/// the author has sent there before does nothing and answers what is there.
pub fn send(app: &App, author: &User, room: Option<&RoomId>, draft: Draft) -> Result<Message> {
    app.store.write(|batch| send_within(app, batch, author, room, draft))
}

/// The same within a batch.
pub fn send_within(
    app: &App,
    batch: &mut Batch<'_>,
    author: &User,
    room: Option<&RoomId>,
    mut draft: Draft,
) -> Result<Message> {
    check_form(app, &draft)?;
    let now = app.now();
    let sent_at = draft.sent_at.map_or(Ok(now), |wish| time(wish, now))?;
    let target = match &draft.thread {
        Some(thread) => batch.message(thread)?,
        None => None,
    };
    let room = target.as_ref().map(|target| &target.room).or(room);
    let missing = || Error::plain("The 'rid' property on the message object is missing.");
    let room = room.ok_or_else(missing)?.clone();
    let room = batch.get::<Room>(&(room,))?.ok_or_else(|| Error::plain("error-invalid-room"))?;
    if !access::can_see(app, author, &room)? {
        return Err(Error::plain("error-not-allowed"));
    }
    let key = (room.id.clone(), author.id.clone());
    let mut own = batch.get::<Subscription>(&key)?;
    writing::refuse_archived(&room)?;
    if draft.join && own.is_none() && room.kind == RoomKind::Channel {
        own = Some(members::enter(app, batch, author, &room, None, now)?);
    }
    writing::check(app, author, &room, own.as_ref())?;
    check_content(app, author, &room, &mut draft)?;
    writing::check_encrypted(app, &room, draft.kind.as_deref())?;
    if let Some(id) = &draft.id
        && let Some(known) = batch.message(id)?
    {
        let same = known.author.id == author.id && known.room == room.id;
        let taken = || {
            Error::refused(
                "error-message-id-taken",
                "There is another message of this id; choose another one",
            )
        };
        return if same { Ok(known) } else { Err(taken()) };
    }

    // A reply to a reply belongs to the thread of both; threads are never nested.
    let thread = target.map(|target| target.thread.unwrap_or(target.id)).or(draft.thread);
    let mut message = Message::new(
        draft.id.unwrap_or_else(MessageId::random),
        room.id.clone(),
        author.reference(),
        sent_at,
        "",
    );
    message.updated_at = now;
    message.thread = thread;
    message.shown_in_room = draft.shown_in_room;
    message.kind = draft.kind;
    if let Some((file, files)) = &draft.files {
        (message.file, message.files) = (Json::of(file), Json::of(files));
    }
    message.attachments = draft.attachments.map_or(Json::NONE, |attachments| Json::of(&attachments));
    if !draft.extra.is_empty() {
        message.extra = Json::of(&draft.extra);
    }
    let text = writing::close_fence(draft.text);
    let named = writing::fill(app, author, &room, &mut message, text, draft.preview_urls.as_deref())?;

    batch.put_new_message(&message)?;
    note_sent(batch, author, &room, &message, &named, own, now)?;
    threads::replied(batch, &message, &named)?;
    hooks::sent(app, batch, author, &room, &message)?;
    Ok(message)
}

/// What is wrong with a draft whatever the room.
fn check_form(app: &App, draft: &Draft) -> Result<()> {
    if draft.shown_in_room && draft.thread.is_none() {
        return Err(Error::invalid("tshow provided but missing tmid"));
    }
    if draft.thread.is_some() && !settings::is_on(app, "Threads_enabled")? {
        return Err(Error::refused("error-not-allowed", "not-allowed"));
    }
    let ids = [&draft.id, &draft.thread];
    if ids.into_iter().flatten().any(|id| id.as_str().len() > LONGEST_ID) {
        return Err(Error::invalid(format!("must NOT have more than {LONGEST_ID} characters")));
    }
    writing::check_size(app, &draft.text)
}

/// A client's time is kept as long as its clock is about right.
fn time(wish: Time, now: Time) -> Result<Time> {
    match wish.millis().abs_diff(now.millis()) {
        0..=10_000 => Ok(wish),
        10_001..=60_000 => Ok(now),
        _ => Err(Error::refused("error-message-ts-out-of-sync", "Message timestamp is out of sync")),
    }
}

/// Names that are not one's own, cards, custom fields.
fn check_content(app: &App, author: &User, room: &Room, draft: &mut Draft) -> Result<()> {
    let given = |key: &str| match draft.extra.get(key) {
        None | Some(Value::Null) => false,
        Some(value) => value != "",
    };
    if !draft.by_program
        && (given("alias") || given("avatar"))
        && !access::holds_in(app, author, "message-impersonate", &room.id)?
    {
        return Err(Error::plain("Not enough permission"));
    }
    if let Some(attachments) = &mut draft.attachments {
        cards::check(attachments)?;
    }
    if let Some(avatar) = draft.extra.get("avatar") {
        cards::check_avatar(avatar)?;
    }
    match draft.extra.get("customFields") {
        Some(fields) => writing::check_custom_fields(app, fields),
        None => Ok(()),
    }
}

/// Everything that changes because a message was sent, but for its thread.
fn note_sent(
    batch: &mut Batch<'_>,
    author: &User,
    room: &Room,
    message: &Message,
    named: &mentions::Mentions,
    own: Option<Subscription>,
    now: Time,
) -> Result<()> {
    let mut activity = batch.activity(&room.id)?;
    activity.messages += 1;
    activity.updated = now;
    // What is said only in a thread neither wakes the room nor is its last word.
    let in_room = message.thread.is_none() || message.shown_in_room;
    if in_room {
        if activity.last_at.is_none_or(|last| message.sent_at >= last) {
            activity.last_at = Some(message.sent_at);
            activity.last_message = Some(message.id.clone());
        }
        activity.group_mentions += u64::from(!named.everybody.is_empty());
    }
    batch.put_activity(&room.id, &activity)?;
    if let Some(mut own) = own {
        own.mark_read(&activity, now.max(message.sent_at));
        own.last_replied = Some(now);
        batch.put_subscription(&own)?;
    }
    if in_room { call_members(batch, author, room, message, named, &activity) } else { Ok(()) }
}

/// Counts the message for those it is addressed to: the people mentioned, everybody in a direct
/// message. Who is not a member has nothing to count on.
fn call_members(
    batch: &mut Batch<'_>,
    author: &User,
    room: &Room,
    message: &Message,
    named: &mentions::Mentions,
    activity: &Activity,
) -> Result<()> {
    let mentioned = named.users.iter().map(|user| &user.id);
    let direct = room.direct.iter().map(|member| &member.id);
    let mut called: Vec<_> = direct.chain(mentioned).filter(|id| **id != author.id).collect();
    called.sort_unstable();
    called.dedup();
    for id in called {
        let Some(mut member) = batch.get::<Subscription>(&(room.id.clone(), id.clone()))? else { continue };
        member.unread = member.unread.saturating_add(1);
        member.user_mentions += u32::from(named.users.iter().any(|user| user.id == *id));
        member.updated = activity.updated;
        // A closed room comes back by a later message; this one may be of the same millisecond.
        if member.closed_at.is_some_and(|closed| closed <= message.sent_at) {
            member.closed_at = None;
        }
        batch.put_subscription(&member)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_clock_may_be_a_little_wrong() {
        let now = Time::from_millis(1_000_000);
        let wish = |millis: i64| time(Time::from_millis(1_000_000 + millis), now).map(Time::millis);
        assert_eq!(wish(-10_000).unwrap(), 990_000);
        assert_eq!(wish(10_000).unwrap(), 1_010_000);
        assert_eq!(wish(10_001).unwrap(), 1_000_000);
        assert_eq!(wish(-60_000).unwrap(), 1_000_000);
        assert!(wish(60_001).is_err() && wish(-60_001).is_err());
    }
}
