//! Orders for exports: what somebody asks for, read, checked and completed.

use export_sdk::Registry;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::access;
use super::caller::Caller;
use crate::app::App;
use crate::domain::query::{Bound, Query, instant};
use crate::domain::{Archive, Choice, MessageId, Order, Room, RoomId, Rooms, Time, UserId};
use crate::error::{Error, Result};

/// Messages that may be chosen one by one.
pub const MOST_MESSAGES: usize = 1000;
/// Rooms that may be named one by one.
const MOST_ROOMS: usize = 1000;
/// Transforms of one export.
const MOST_TRANSFORMS: usize = 8;

/// A plug-in and its options, as asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The plug-in's id.
    pub id: String,
    /// Its options; null for none.
    pub options: Value,
}

/// Whose messages are wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// Rooms by id or name.
    Rooms(Vec<String>),
    /// The thread that this message began.
    Thread(String),
    /// These messages of one room.
    Messages(Vec<String>),
    /// Every room the caller may see.
    Visible,
    /// Every room there is.
    Server,
}

/// An export as asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose messages.
    pub wanted: Wanted,
    /// A date, a local time or an instant; the first that belongs to it.
    pub from: Option<String>,
    /// A date, which belongs to it, or a time, which does not.
    pub until: Option<String>,
    /// The zone of dates without one; UTC if not said.
    pub time_zone: Option<String>,
    /// The query that messages must match.
    pub query: String,
    /// Whether what the server noted down is part of it.
    pub system_messages: bool,
    /// What every message passes.
    pub transforms: Vec<Asked>,
    /// The formats.
    pub formats: Vec<Asked>,
    /// How it is handed over.
    pub delivery: Asked,
    /// `bag` or `plain`.
    pub archive: Option<String>,
}

fn bad(text: impl Into<String>) -> Error {
    Error::refused("error-invalid-params", text)
}

/// The order that a caller's request is. Everything about it is checked here: what is accepted can
/// only fail by what happens later.
pub fn order(app: &App, caller: &Caller, request: Request) -> Result<Order> {
    let (rooms, title) = rooms(app, caller, &request.wanted)?;
    let order = complete(&app.registry, request, rooms, title, app.now(), &caller.user.username)?;
    check(&app.registry, &order)?;
    Ok(order)
}

/// The order of a request, `rooms` of which are known and called `title`.
pub fn complete(
    registry: &Registry,
    request: Request,
    rooms: Rooms,
    title: String,
    now: Time,
    me: &str,
) -> Result<Order> {
    let time_zone = request.time_zone.filter(|name| !name.is_empty()).unwrap_or_else(|| "UTC".to_owned());
    let zone = zone(&time_zone)?;
    let read = |field: &str, text: &Option<String>, bound| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => instant(text, &zone, bound).map(Some).ok_or_else(|| {
            bad(format!("`{field}`: {text:?} is no time; write 2024-03-31 or 2024-03-31T14:00:00Z"))
        }),
    };
    let from = read("from", &request.from, Bound::From)?;
    let until = read("until", &request.until, Bound::Until)?;
    // Later messages cannot change the result, however long the export waits.
    let until = until.unwrap_or(now.plus(1)).min(now.plus(1));
    if from.is_some_and(|from| from >= until) {
        return Err(bad("`from` is not before `until`: nothing lies between them"));
    }
    Query::parse(&request.query, &zone, me).map_err(|error| bad(format!("`query`: {error}")))?;
    if request.formats.is_empty() {
        let known: Vec<&str> = registry.formats().map(export_sdk::AnyFormat::id).collect();
        return Err(bad(format!("`formats` is empty; choose among {}", known.join(", "))));
    }
    for (n, format) in request.formats.iter().enumerate() {
        if request.formats[..n].iter().any(|other| other.id == format.id) {
            return Err(bad(format!("`formats` names {} twice", format.id)));
        }
    }
    if request.transforms.len() > MOST_TRANSFORMS {
        return Err(bad(format!("`transforms`: at most {MOST_TRANSFORMS} are possible")));
    }
    let archive = match request.archive.as_deref() {
        None | Some("") => None,
        Some("bag") => Some(Archive::Bag),
        Some("plain") => Some(Archive::Plain),
        Some(other) => return Err(bad(format!("`archive`: {other:?} is neither bag nor plain"))),
    };
    let choices = |asked: Vec<Asked>| asked.into_iter().map(choice).collect();
    Ok(Order {
        rooms,
        title,
        from,
        until,
        query: request.query,
        time_zone,
        system_messages: request.system_messages,
        transforms: choices(request.transforms),
        formats: choices(request.formats),
        delivery: choice(request.delivery),
        archive,
    })
}

fn choice(asked: Asked) -> Choice {
    Choice::new(asked.id, &asked.options)
}

fn zone(name: &str) -> Result<TimeZone> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
    known.ok_or_else(|| bad(format!("`timeZone`: there is no {name:?}; write a name like Europe/Berlin")))
}

/// Asks every plug-in of an order whether it knows and takes its options.
pub fn check(registry: &Registry, order: &Order) -> Result<()> {
    let refused = |error: export_sdk::Error| bad(error.to_string());
    for choice in &order.transforms {
        let transform = registry.transform(&choice.id).map_err(refused)?;
        transform.check(&choice.options.value()).map_err(refused)?;
    }
    for choice in &order.formats {
        let format = registry.format(&choice.id).map_err(refused)?;
        format.check(&choice.options.value()).map_err(refused)?;
    }
    let delivery = registry.delivery(&order.delivery.id).map_err(refused)?;
    delivery.check(&order.delivery.options.value()).map_err(refused)
}

/// The rooms that are wanted, if the caller may export them, and what people call them.
fn rooms(app: &App, caller: &Caller, wanted: &Wanted) -> Result<(Rooms, String)> {
    match wanted {
        Wanted::Rooms(names) => listed(app, caller, names),
        Wanted::Thread(id) => {
            let room = room_of(app, caller, id)?;
            Ok((Rooms::Thread { room: room.id.clone(), thread: MessageId::new(id) }, room.title()))
        }
        Wanted::Messages(ids) => {
            let first = ids.first().ok_or_else(|| bad("`messages` is empty; name at least one message"))?;
            if ids.len() > MOST_MESSAGES {
                return Err(bad(format!("`messages`: at most {MOST_MESSAGES} can be chosen one by one")));
            }
            let room = room_of(app, caller, first)?;
            let messages = ids.iter().map(MessageId::new).collect();
            Ok((Rooms::Messages { room: room.id.clone(), messages }, room.title()))
        }
        Wanted::Visible => {
            access::require(app, &caller.user, &["mail-messages"])?;
            Ok((Rooms::Seen, format!("All rooms of {}", caller.user.username)))
        }
        Wanted::Server => {
            access::require(app, &caller.user, &["export-server"])?;
            Ok((Rooms::Server, "All rooms of the server".to_owned()))
        }
    }
}

fn listed(app: &App, caller: &Caller, names: &[String]) -> Result<(Rooms, String)> {
    if names.is_empty() {
        return Err(bad("`rooms` is empty; name at least one room, or choose the scope visible"));
    }
    if names.len() > MOST_ROOMS {
        return Err(bad(format!("`rooms`: at most {MOST_ROOMS} can be named; choose the scope visible")));
    }
    let mut rooms: Vec<RoomId> = Vec::new();
    let mut title = String::new();
    for name in names {
        let room = named(app, name)?.filter(|room| !rooms.contains(&room.id));
        let room = match room {
            Some(room) => room,
            None => return Err(bad(format!("`rooms`: there is no room {name:?}, or it is named twice"))),
        };
        may_export(app, caller, &room)?;
        if rooms.is_empty() {
            title = room.title();
        }
        rooms.push(room.id);
    }
    let title = if rooms.len() == 1 { title } else { format!("{} rooms", rooms.len()) };
    Ok((Rooms::Listed(rooms), title))
}

/// The room of that id or name.
pub fn named(app: &App, name: &str) -> Result<Option<Room>> {
    if let Some(room) = app.store.room(&RoomId::new(name))? {
        return Ok(Some(room));
    }
    Ok(app.store.room_by_name(name.strip_prefix('#').unwrap_or(name))?)
}

/// The room of a message. A message that the caller may not see does not exist for them.
fn room_of(app: &App, caller: &Caller, id: &str) -> Result<Room> {
    let gone = || bad(format!("there is no message {id:?}"));
    let place = app.store.message_place(&MessageId::new(id))?.ok_or_else(gone)?;
    let room = app.store.room(&place.room)?.ok_or_else(gone)?;
    if !access::can_see(app, &caller.user, &room)? {
        return Err(gone());
    }
    may_export(app, caller, &room)?;
    Ok(room)
}

/// Whether a room belongs into an export of everything that its owner may see, by what they may now.
pub fn belongs(app: &App, owner: &UserId, room: &Room) -> crate::store::Result<bool> {
    let Some(user) = app.store.user(owner)? else { return Ok(false) };
    let may = access::can_see(app, &user, room)
        .and_then(|sees| Ok(sees && access::holds_in(app, &user, "mail-messages", &room.id)?));
    may.map_err(|error| crate::store::Error::Engine(error.to_string()))
}

fn may_export(app: &App, caller: &Caller, room: &Room) -> Result<()> {
    if !access::can_see(app, &caller.user, room)? {
        return Err(Error::not_allowed());
    }
    if !access::holds_in(app, &caller.user, "mail-messages", &room.id)? {
        return Err(Error::Forbidden);
    }
    Ok(())
}
