//! Methods that read a room back.

use serde_json::{Value, json};

use super::Methods;
use super::call::Call;
use crate::api::present;
use crate::domain::{Message, Room, RoomId, RoomKind, Time};
use crate::error::{Error, Result};
use crate::service::history::{self, Stretch};
use crate::service::settings;
use crate::store::Direction;

pub(super) const METHODS: Methods = &[
    ("loadHistory", load_history),
    ("loadNextMessages", load_next),
    ("loadMissedMessages", load_missed),
    ("loadSurroundingMessages", load_surrounding),
    ("getChannelHistory", |call| {
        let asked = call.object(0)?;
        let mut params = asked.clone();
        let room = params.shift_remove("rid");
        params.insert("roomId".to_owned(), room.unwrap_or_default());
        let Some(room) = found(call, call.field(0, "rid")?)? else { return Ok(Some(false.into())) };
        call.get(history_of(room.kind), Value::Object(params)).map(Some)
    }),
    ("messages/get", get),
];

fn history_of(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Channel => "channels.history",
        RoomKind::Group => "groups.history",
        RoomKind::Direct => "im.history",
    }
}

/// The room, if the caller may read it.
fn found(call: &Call<'_>, id: &str) -> Result<Option<Room>> {
    let user = &call.caller()?.user;
    match call.app.store.room(&RoomId::new(id))? {
        Some(room) if history::may_read(call.app, user, &room)? => Ok(Some(room)),
        Some(_) | None => Ok(None),
    }
}

fn required(call: &Call<'_>, id: &str) -> Result<Room> {
    if id.is_empty() {
        return Err(Error::refused("error-invalid-room", "Invalid room"));
    }
    found(call, id)?.ok_or_else(Error::not_allowed)
}

/// How many messages are wanted: the argument of that number, or 20; no more than a page may hold.
fn limit(call: &Call<'_>, number: usize) -> Result<usize> {
    let most = settings::limit(call.app, "API_Upper_Count_Limit")?.unwrap_or(100);
    let wanted = call.argument(number).as_u64().unwrap_or(20);
    Ok(usize::try_from(wanted.min(most)).unwrap_or(usize::MAX))
}

/// The messages of a stretch that the settings do not hide.
fn read(call: &Call<'_>, room: &Room, stretch: Stretch, with_replies: bool) -> Result<Vec<Message>> {
    Ok(read_some(call, room, stretch, with_replies)?.0)
}

/// The same, and whether it ended early because the messages are large.
fn read_some(
    call: &Call<'_>,
    room: &Room,
    stretch: Stretch,
    with_replies: bool,
) -> Result<(Vec<Message>, bool)> {
    let hidden = history::hidden_kinds(call.app, room)?;
    history::read_some(call.app, &room.id, stretch, |message| {
        let reply = message.thread.is_some() && !message.shown_in_room;
        (with_replies || !reply) && !message.kind.as_ref().is_some_and(|kind| hidden.contains(kind))
    })
}

fn shown(call: &Call<'_>, messages: &[Message]) -> Result<Value> {
    Ok(present::messages(call.app, &call.caller()?.user.id, messages)?.into())
}

/// Before a date, newest first, with what was not yet read when the caller last looked.
fn load_history(call: &Call<'_>) -> Result<Option<Value>> {
    call.caller()?;
    let Some(room) = found(call, call.text(0)?)? else { return Ok(Some(false.into())) };
    let with_replies = call.argument(4).as_bool().unwrap_or(true);
    let whole = Stretch::whole(Direction::Descending, 0, limit(call, 2)?);
    let stretch = Stretch { until: call.optional_time(1).unwrap_or(whole.until), ..whole };
    let messages = read(call, &room, stretch, with_replies)?;
    let mut reply = json!({"messages": shown(call, &messages)?, "unreadNotLoaded": 0});
    if let (Some(seen), Some(first)) = (call.optional_time(3), messages.last())
        && first.sent_at > seen
    {
        let before =
            Stretch { from: seen.plus(1), until: first.sent_at, direction: Direction::Ascending, ..whole };
        let (unread, count) =
            history::search(call.app, &room.id, Stretch { count: 1, ..before }, |message| {
                with_replies || message.thread.is_none() || message.shown_in_room
            })?;
        reply["unreadNotLoaded"] = count.into();
        if let [first] = unread.as_slice() {
            reply["firstUnread"] = present::message(call.app, &call.caller()?.user.id, first)?;
        }
    }
    Ok(Some(reply))
}

/// After a date, oldest first.
fn load_next(call: &Call<'_>) -> Result<Option<Value>> {
    call.caller()?;
    let room = required(call, call.text(0)?)?;
    let whole = Stretch::whole(Direction::Ascending, 0, limit(call, 2)?);
    let stretch = Stretch { from: call.optional_time(1).map_or(whole.from, |end| end.plus(1)), ..whole };
    Ok(Some(json!({"messages": shown(call, &read(call, &room, stretch, true)?)?})))
}

/// All since a date, newest first.
fn load_missed(call: &Call<'_>) -> Result<Option<Value>> {
    call.caller()?;
    let id = call.text(0)?;
    if id.is_empty() {
        return Err(Error::refused("error-invalid-room", "Invalid room"));
    }
    let start = call.time(1)?;
    let Some(room) = found(call, id)? else { return Ok(Some(false.into())) };
    let stretch = Stretch { from: start.plus(1), ..Stretch::whole(Direction::Descending, 0, MOST_MISSED) };
    Ok(Some(shown(call, &read(call, &room, stretch, true)?)?))
}

/// Who was away for longer reads the room anew.
const MOST_MISSED: usize = 1000;

/// A message with what stands before and behind it, oldest first.
fn load_surrounding(call: &Call<'_>) -> Result<Option<Value>> {
    call.caller()?;
    let room = required(call, call.field(0, "rid")?)?;
    let id = crate::domain::MessageId::new(call.field(0, "_id")?);
    let Some(message) = call.app.store.message(&id)?.filter(|message| message.room == room.id) else {
        return Ok(Some(false.into()));
    };
    let half = limit(call, 1)?.saturating_sub(1).div_ceil(2);
    // One more than is shown tells whether there is more.
    let before = Stretch { until: message.sent_at, ..Stretch::whole(Direction::Descending, 0, half + 1) };
    let after =
        Stretch { from: message.sent_at.plus(1), ..Stretch::whole(Direction::Ascending, 0, half + 1) };
    let (mut earlier, before_is_cut) = read_some(call, &room, before, true)?;
    let (mut later, after_is_cut) = read_some(call, &room, after, true)?;
    let (more_before, more_after) =
        (before_is_cut || earlier.len() > half, after_is_cut || later.len() > half);
    earlier.truncate(half);
    later.truncate(half);
    earlier.reverse();
    earlier.push(message);
    earlier.extend(later);
    Ok(Some(json!({
        "messages": shown(call, &earlier)?,
        "moreBefore": more_before,
        "moreAfter": more_after,
    })))
}

/// With `lastUpdate` what has changed since, else a part of the history.
fn get(call: &Call<'_>) -> Result<Option<Value>> {
    call.caller()?;
    let id = call.text(0)?;
    let room = found(call, id)?.ok_or_else(Error::not_allowed)?;
    let asked = call.argument(1);
    let time = |name: &str| super::ejson::time(&asked[name]).as_ref().map(Time::to_string);
    if let Some(since) = time("lastUpdate") {
        let mut reply = call.get("chat.syncMessages", json!({"roomId": id, "lastUpdate": since}))?;
        return Ok(Some(reply["result"].take()));
    }
    let params = json!({
        "roomId": id,
        "latest": time("latestDate"),
        "oldest": time("oldestDate"),
        "inclusive": asked["inclusive"],
        "count": asked["count"],
        "unreads": asked["unreads"],
        "showThreadMessages": true,
    });
    call.get(history_of(room.kind), params).map(Some)
}
