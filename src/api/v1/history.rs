//! Reading a room back: the same handlers for channels, groups and direct messages.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::page::Paged;
use crate::api::present;
use crate::app::App;
use crate::domain::{Message, Room, RoomId, RoomKind, Time, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::service::history::{self, FileOrder, FilePart, Stretch};
use crate::service::messages;
use crate::store::Direction;
use crate::store::directory::ListedFile;
use crate::store::message_indexes::List;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    mention_ids: Option<Vec<String>>,
    starred_ids: Option<Vec<String>>,
    pinned: Option<bool>,
}

impl Choice {
    /// For each thing that is wanted the lists to look into: a message stands in one of them at least.
    fn lists(&self) -> Vec<Vec<List>> {
        let of = |ids: &Option<Vec<String>>, list: fn(UserId) -> List| {
            ids.as_ref().map(|ids| ids.iter().map(|id| list(UserId::new(id))).collect())
        };
        let pinned = (self.pinned == Some(true)).then(|| vec![List::Pinned]);
        let starred = of(&self.starred_ids, List::Starred);
        [pinned, starred, of(&self.mention_ids, List::Mentioning)].into_iter().flatten().collect()
    }

    fn wants(&self, message: &Message) -> bool {
        let mentions = message.mentions.value();
        let mentioned = |ids: &Vec<String>| {
            let mut mentioned =
                mentions.as_array().into_iter().flatten().filter_map(|user| user["_id"].as_str());
            mentioned.any(|mentioned| ids.iter().any(|id| id == mentioned))
        };
        let starred = |ids: &Vec<String>| ids.iter().any(|id| message.starred.contains(&UserId::new(id)));
        self.mention_ids.as_ref().is_none_or(mentioned)
            && self.starred_ids.as_ref().is_none_or(starred)
            && (self.pinned != Some(true) || message.pinned.is_some())
    }
}

/// Ids as a list, as one text with commas, or as the text of a JSON array.
fn split_ids(given: Option<Vec<String>>) -> Option<Vec<String>> {
    let given = given?;
    let split = |text: &String| match serde_json::from_str::<Vec<String>>(text) {
        Ok(ids) => ids,
        Err(_) => text.split(',').map(|id| id.trim().to_owned()).collect(),
    };
    let ids: Vec<String> = given.iter().flat_map(split).filter(|id| !id.is_empty()).collect();
    (!ids.is_empty()).then_some(ids)
}

/// All messages, thread replies and system messages included.
pub(super) fn messages(app: &App, caller: &Caller, room: Room, asked: Paged<Choice>) -> Result<Value> {
    if room.kind == RoomKind::Channel {
        let only_joined = access::holds(app, &caller.user, "view-joined-room")?;
        if !access::holds(app, &caller.user, "view-c-room")?
            || (only_joined && !access::is_member(app, &caller.user, &room)?)
        {
            return Err(Error::Unauthorized);
        }
    }
    chosen(app, &caller.user.id, &room, asked)
}

/// The parameters of `channels.messages`, which takes no others.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChannelChoice {
    /// Read by who finds the room.
    #[serde(rename = "roomId")]
    _room_id: String,
    mention_ids: Option<Vec<String>>,
    starred_ids: Option<Vec<String>>,
    pinned: Option<bool>,
    /// Is there for old clients and does nothing.
    #[serde(rename = "query")]
    _query: Option<String>,
}

/// The same for a channel, which must be named by its id.
pub(super) fn channel_messages(
    app: &App,
    caller: &Caller,
    room: Room,
    asked: Paged<ChannelChoice>,
) -> Result<Value> {
    let asked = asked.map(|ChannelChoice { mention_ids, starred_ids, pinned, .. }| Choice {
        mention_ids,
        starred_ids,
        pinned,
    });
    messages(app, caller, room, asked)
}

/// The messages of a room that are chosen. Whether the viewer may read them is decided before.
pub(super) fn chosen(app: &App, viewer: &UserId, room: &Room, mut asked: Paged<Choice>) -> Result<Value> {
    let page = asked.page(app)?;
    let oldest_first = asked.sort()?.iter().any(|(field, ascending)| field == "ts" && *ascending);
    let direction = if oldest_first { Direction::Ascending } else { Direction::Descending };
    let stretch = Stretch::whole(direction, page.offset, page.count);
    let choice = &mut asked.params;
    choice.mention_ids = split_ids(choice.mention_ids.take());
    choice.starred_ids = split_ids(choice.starred_ids.take());
    let (found, total) = match choice.lists().as_slice() {
        [] => {
            let total = app.store.activity(&room.id)?.messages;
            (history::read(app, &room.id, stretch, |_| true)?, usize::try_from(total).unwrap_or(usize::MAX))
        }
        [lists] if lists.len() == 1 => {
            messages::listed(app, &room.id, &lists[0], direction, (page.offset, page.count))?
        }
        [lists, ..] => history::chosen(app, &room.id, lists, stretch, |message| choice.wants(message))?,
    };
    Ok(page.wrap("messages", present::messages(app, viewer, &found)?, total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Between {
    latest: Option<String>,
    oldest: Option<String>,
    inclusive: Option<bool>,
    unreads: Option<bool>,
    show_thread_messages: Option<bool>,
}

/// What [`history`] answers.
pub(super) const HISTORY: &str = "messages* objects, firstUnread object, unreadNotLoaded number";

/// What was said between two instants, newest first, without what the settings hide.
pub(super) fn history(app: &App, caller: &Caller, room: Room, asked: Paged<Between>) -> Result<Value> {
    if !history::may_read(app, &caller.user, &room)? {
        return Err(Error::Unauthorized);
    }
    let is_group = room.kind == RoomKind::Group;
    let page = if is_group { asked.page_of(app, 20)? } else { asked.page(app)? };
    let between = asked.params;
    let (oldest, latest) = (instant(between.oldest.as_deref())?, instant(between.latest.as_deref())?);
    let inclusive = i64::from(between.inclusive == Some(true));
    let whole = Stretch::whole(Direction::Descending, page.offset, page.count);
    let stretch = Stretch {
        from: oldest.map_or(whole.from, |oldest| oldest.plus(1 - inclusive)),
        until: latest.map_or(whole.until, |latest| latest.plus(inclusive)),
        ..whole
    };
    let hidden = history::hidden_kinds(app, &room)?;
    let with_replies = between.show_thread_messages.unwrap_or(is_group);
    let visible = |message: &Message| {
        let reply = message.thread.is_some() && !message.shown_in_room;
        let hidden = message.kind.as_ref().is_some_and(|kind| hidden.contains(kind));
        !hidden && (with_replies || !reply)
    };
    let found = history::read(app, &room.id, stretch, visible)?;
    let viewer = &caller.user.id;
    let mut reply = json!({"messages": present::messages(app, viewer, &found)?});
    if between.unreads == Some(true) {
        let mut not_loaded = 0;
        if let Some(first) = found.last().filter(|_| oldest.is_some()) {
            let before = Stretch {
                until: first.sent_at,
                direction: Direction::Ascending,
                offset: 0,
                count: 1,
                ..stretch
            };
            let (unread, count) = history::search(app, &room.id, before, visible)?;
            not_loaded = count;
            if let Some(unread) = unread.first() {
                reply["firstUnread"] = present::message(app, viewer, unread)?;
            }
        }
        reply["unreadNotLoaded"] = not_loaded.into();
    }
    Ok(reply)
}

fn instant(text: Option<&str>) -> Result<Option<Time>> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match Time::parse(text) {
            Some(time) => Ok(Some(time)),
            None => Err(Error::invalid("must match format \"date\"")),
        },
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Files {
    name: Option<String>,
    filter_name: Option<String>,
    filter_type_group: Option<String>,
}

/// The files that were sent to a room.
pub(super) fn files(app: &App, _: &Caller, room: Room, asked: Paged<Files>) -> Result<Value> {
    let page = asked.page(app)?;
    let sort = asked.sort()?;
    let (field, ascending) = sort.first().map_or(("name", true), |(field, up)| (field.as_str(), *up));
    let order = if field == "uploadedAt" { FileOrder::Uploaded } else { FileOrder::Name };
    let direction = if ascending { Direction::Ascending } else { Direction::Descending };
    let part = FilePart { order, direction, offset: page.offset, count: page.count };
    let needle = asked.params.name.as_deref().or(asked.params.filter_name.as_deref());
    let needle = needle.unwrap_or_default().to_lowercase();
    let group = asked.params.filter_type_group.as_deref().filter(|group| !group.is_empty());
    let (found, total) = history::files(app, &room.id, part, |file: &ListedFile| {
        file.name.to_lowercase().contains(&needle)
            && group.is_none_or(|group| present::type_group(&file.entry.media_type) == group)
    })?;
    let rows = found.iter().map(|upload| present::file(app, upload)).collect::<Result<Vec<_>>>()?;
    Ok(page.wrap("files", rows, total))
}

/// The room of an id that the caller may look into; of others there is nothing to know.
pub(super) fn visible(app: &App, caller: &Caller, id: &str) -> Result<Option<Room>> {
    match app.store.room(&RoomId::new(id))? {
        Some(room) if access::can_see(app, &caller.user, &room)? => Ok(Some(room)),
        Some(_) | None => Ok(None),
    }
}
