//! Orders for exports: what somebody asks for, read, checked and completed.

mod later;
mod rooms;

use export_sdk::Registry;
use jiff::tz::TimeZone;
use serde_json::Value;

pub use self::later::{is_in, may_have_rendering, note_rooms, still_allowed};
pub use self::rooms::{belongs, named};
use super::caller::Caller;
use crate::app::App;
use crate::domain::query::{Bound, Query, instant};
use crate::domain::{Archive, Choice, Order, Rooms, Time};
use crate::error::{Error, Result};

/// Messages that may be chosen one by one.
pub const MOST_MESSAGES: usize = 1000;
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

/// What somebody wrote, short enough to be said back.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// The order that a request is. Everything about it is checked here: what is accepted can only fail
/// by what happens later. `None` in place of a caller is whoever may read the data itself.
pub fn order(app: &App, caller: Option<&Caller>, request: Request) -> Result<Order> {
    let (rooms, title) = rooms::rooms(app, caller, &request.wanted)?;
    let me = caller.map_or("", |caller| &caller.user.username);
    let registry = app.registry();
    let order = complete(&registry, request, rooms, title, app.now(), me)?;
    check(&registry, &order)?;
    Ok(order)
}

/// The order of a request, `rooms` of which are known and called `title`.
fn complete(
    registry: &Registry,
    request: Request,
    rooms: Rooms,
    title: String,
    now: Time,
    me: &str,
) -> Result<Order> {
    let zone = zone(request.time_zone.as_deref().map_or("", str::trim))?;
    let read = |field: &str, text: &Option<String>, bound| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => instant(text, &zone, bound).map(Some).ok_or_else(|| {
            let text = shown(text);
            bad(format!("`{field}`: {text} is no time; write 2024-03-31 or 2024-03-31T14:00:00Z"))
        }),
    };
    let from = read("from", &request.from, Bound::From)?;
    let until = read("until", &request.until, Bound::Until)?;
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(bad("`from` is not before `until`: nothing lies between them"));
    }
    // Later messages cannot change the result, however long the export waits.
    let until = until.unwrap_or(now.plus(1)).min(now.plus(1));
    if from.is_some_and(|from| from >= until) {
        return Err(bad("`from` lies in the future: there are no messages yet"));
    }
    let query = Query::parse(&request.query, &zone, me);
    let query = query.map_err(|error| bad(format!("`query`: {error}")))?;
    let text = if query.is_empty() { String::new() } else { request.query.trim().to_owned() };
    if request.formats.is_empty() {
        let known: Vec<&str> = registry.formats().map(export_sdk::AnyFormat::id).collect();
        return Err(bad(format!("`formats` is empty; choose among {}", known.join(", "))));
    }
    for (n, format) in request.formats.iter().enumerate() {
        if request.formats[..n].iter().any(|other| other.id == format.id) {
            return Err(bad(format!("`formats` names {} twice", shown(&format.id))));
        }
    }
    if request.transforms.len() > MOST_TRANSFORMS {
        return Err(bad(format!("`transforms`: at most {MOST_TRANSFORMS} are possible")));
    }
    let archive = match request.archive.as_deref() {
        None | Some("") => None,
        Some("bag") => Some(Archive::Bag),
        Some("plain") => Some(Archive::Plain),
        Some(other) => {
            return Err(bad(format!("`archive`: {} is neither bag nor plain", shown(other))));
        }
    };
    let choices = |asked: Vec<Asked>| asked.into_iter().map(choice).collect();
    Ok(Order {
        rooms,
        title,
        from,
        until,
        query: text,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
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
    if name.is_empty() || name.eq_ignore_ascii_case("UTC") {
        return Ok(TimeZone::UTC);
    }
    let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
    known.ok_or_else(|| {
        bad(format!("`timeZone`: there is no {}; write a name like Europe/Berlin", shown(name)))
    })
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
