//! `rooms.*` that list and suggest rooms: to administrators all of them, to others their own.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::channels::reading;
use crate::api::endpoint::{Endpoint, get};
use crate::api::page::{Page, Paged};
use crate::api::present;
use crate::api::room_pages::RoomPage;
use crate::app::App;
use crate::domain::directory::RoomEntry;
use crate::domain::{Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::service::room_lists::{self, Match};
use crate::store::Direction;
use crate::store::directory::ListedRoom;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("rooms.images").returns("files* page").user(reading::images),
        get("rooms.adminRooms").returns("rooms* page").user(all),
        get("rooms.adminRooms.getRoom").returns("_id*, t*").user(one),
        get("rooms.autocomplete.channelAndPrivate").returns("items* objects").user(own),
        get("rooms.autocomplete.channelAndPrivate.withPagination")
            .returns("items* objects, total* number")
            .user(own_by_page),
        get("rooms.autocomplete.adminRooms").returns("items* objects").user(any),
        get("rooms.autocomplete.availableForTeams").returns("items* objects").user(available_for_teams),
    ]
}

/// What administrators see of a room in a list.
const SHOWN: [&str; 28] = [
    "_id",
    "prid",
    "fname",
    "name",
    "t",
    "u",
    "usernames",
    "ts",
    "usersCount",
    "muted",
    "unmuted",
    "ro",
    "reactWhenReadOnly",
    "default",
    "favorite",
    "featured",
    "topic",
    "msgs",
    "archived",
    "teamId",
    "teamMain",
    "announcement",
    "description",
    "broadcast",
    "uids",
    "avatarETag",
    "joinCodeRequired",
    "encrypted",
];

fn refuse_strangers(app: &App, caller: &Caller) -> Result<()> {
    if access::holds(app, &caller.user, "view-room-administration")? {
        return Ok(());
    }
    Err(Error::plain("error-not-authorized"))
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    filter: Option<String>,
    types: Option<Vec<String>>,
}

impl Filter {
    fn has_type(&self, word: &str) -> bool {
        self.types.iter().flatten().any(|given| given == word)
    }

    /// The kinds that are named. If none is, all; who asks for discussions or teams alone means
    /// channels and groups.
    fn kinds(&self) -> Vec<RoomKind> {
        let all = [RoomKind::Channel, RoomKind::Group, RoomKind::Direct];
        let named: Vec<_> = all.into_iter().filter(|kind| self.has_type(kind.letter())).collect();
        match (named.as_slice(), self.types.as_deref().unwrap_or_default()) {
            ([], []) => all.to_vec(),
            ([], _) => vec![RoomKind::Channel, RoomKind::Group],
            _ => named,
        }
    }

    /// Whether a room of such a kind is wanted. Discussions and main rooms of teams are, if they are
    /// asked for; if only they are asked for, nothing else is.
    fn wants(&self, room: &ListedRoom) -> bool {
        let (discussions, teams) = (self.has_type("discussions"), self.has_type("teams"));
        match (room.entry.is_discussion, room.entry.is_team_main()) {
            (true, _) => discussions,
            (_, true) => teams,
            (false, false) => {
                !(discussions || teams) || ["c", "p", "d"].iter().any(|kind| self.has_type(kind))
            }
        }
    }
}

fn all(app: &App, caller: &Caller, asked: Paged<Filter>) -> Result<Value> {
    refuse_strangers(app, caller)?;
    let (page, mut sort) = (asked.page(app)?, asked.sort()?);
    if sort.is_empty() {
        sort = vec![("default".to_owned(), false), ("name".to_owned(), true)];
    }
    let needle = asked.params.filter.as_deref().unwrap_or_default().trim().to_lowercase();
    let mut found = RoomPage::new(app, page, sort);
    for kind in asked.params.kinds() {
        app.store.rooms_of_kind::<Error>(kind, Direction::Ascending, |room| {
            let of_member = |name: &String| Match::Within.holds(name, &needle);
            if asked.params.wants(&room)
                && (Match::Within.names(&room, &needle) || room.entry.usernames.iter().any(of_member))
            {
                found.offer(&room)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let (rooms, total) = found.finish()?;
    let rows = present::rooms(app, &caller.user.id, &rooms)?;
    Ok(page.wrap("rooms", rows.into_iter().map(|row| present::only(row, &SHOWN)).collect(), total))
}

#[derive(Deserialize, JsonSchema)]
struct ByRid {
    #[schemars(length(min = 1))]
    rid: String,
}

fn one(app: &App, caller: &Caller, params: ByRid) -> Result<Value> {
    refuse_strangers(app, caller)?;
    let room = app.store.room(&RoomId::new(params.rid))?;
    let room = room.ok_or_else(|| Error::typed("not-allowed", "Not Allowed"))?;
    Ok(present::only(present::room(app, &caller.user.id, &room)?, &SHOWN))
}

/// Suggestions of one call.
const MOST_ITEMS: usize = 10;

#[derive(Deserialize, JsonSchema)]
struct Selector {
    selector: Option<Value>,
}

impl Selector {
    /// The front of the name that is looked for, in lower case; empty if any will do.
    fn needle(&self) -> Result<String> {
        let required = || Error::plain("The 'selector' param is required");
        let selector = match &self.selector {
            Some(Value::String(text)) if !text.is_empty() => {
                serde_json::from_str(text).map_err(|_| Error::plain("The 'selector' param is invalid"))?
            }
            Some(object @ Value::Object(_)) => object.clone(),
            Some(_) | None => return Err(required()),
        };
        Ok(selector["name"].as_str().unwrap_or_default().to_lowercase())
    }
}

fn item(row: Value) -> Value {
    present::only(row, &["_id", "fname", "name", "t", "avatarETag", "uids"])
}

/// The caller's channels and groups whose names begin like that.
fn suggest(app: &App, caller: &Caller, needle: &str, page: Page) -> Result<(Vec<Value>, usize)> {
    let mut found = RoomPage::new(app, page, Vec::new());
    room_lists::each_joined(app, &caller.user, &[RoomKind::Channel, RoomKind::Group], |room| {
        let name = room.name.as_deref().unwrap_or_default();
        if room.parent.is_none() && Match::Front.holds(name, needle) {
            found.offer_room(&room)?;
        }
        Ok(())
    })?;
    items(app, caller, found)
}

fn items(app: &App, caller: &Caller, found: RoomPage<'_>) -> Result<(Vec<Value>, usize)> {
    let (rooms, total) = found.finish()?;
    Ok((present::rooms(app, &caller.user.id, &rooms)?.into_iter().map(item).collect(), total))
}

fn own(app: &App, caller: &Caller, params: Selector) -> Result<Value> {
    let page = Page { offset: 0, count: MOST_ITEMS };
    let (items, _) = suggest(app, caller, &params.needle()?, page)?;
    Ok(json!({"items": items}))
}

fn own_by_page(app: &App, caller: &Caller, asked: Paged<Selector>) -> Result<Value> {
    let (items, total) = suggest(app, caller, &asked.params.needle()?, asked.page(app)?)?;
    Ok(json!({"items": items, "total": total}))
}

/// Any channels and groups whose names begin like that, for administrators.
fn any(app: &App, caller: &Caller, params: Selector) -> Result<Value> {
    let needle = params.needle()?;
    refuse_strangers(app, caller)?;
    let mut found = RoomPage::new(app, Page { offset: 0, count: MOST_ITEMS }, Vec::new());
    for kind in [RoomKind::Channel, RoomKind::Group] {
        app.store.rooms_of_kind::<Error>(kind, Direction::Ascending, |room| {
            if Match::Front.names(&room, &needle) {
                found.offer(&room)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let (items, _) = items(app, caller, found)?;
    Ok(json!({"items": items}))
}

#[derive(Deserialize, JsonSchema)]
struct Available {
    name: Option<Value>,
}

/// The caller's own rooms that could become rooms of a team.
fn available_for_teams(app: &App, caller: &Caller, params: Available) -> Result<Value> {
    let needle = match params.name {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(name)) => name.to_lowercase(),
        Some(_) => return Err(Error::plain("The 'name' param is invalid")),
    };
    let mut found = RoomPage::new(app, Page { offset: 0, count: MOST_ITEMS }, Vec::new());
    room_lists::each_joined(app, &caller.user, &[RoomKind::Channel, RoomKind::Group], |room: Room| {
        let name = room.name.as_deref().unwrap_or_default();
        let is_free = room.parent.is_none() && RoomEntry::of(&room).team.is_none();
        if is_free
            && Match::Front.holds(name, &needle)
            && app.store.subscription(&room.id, &caller.user.id)?.is_some_and(|own| own.has_role("owner"))
        {
            found.offer_room(&room)?;
        }
        Ok(())
    })?;
    let (items, _) = items(app, caller, found)?;
    Ok(json!({"items": items}))
}
