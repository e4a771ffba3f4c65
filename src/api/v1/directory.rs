//! `directory`: channels, people and teams, page by page, by what they are called.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::api::page::{Page, Paged};
use crate::api::room_pages::RoomPage;
use crate::api::rows::TopRows;
use crate::api::{present, wire};
use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::teams::{Team, listing};
use crate::service::{access, directory};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![get("directory").returns("result* page").user(list)]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    text: Option<String>,
    #[serde(rename = "type")]
    section: Option<String>,
    workspace: Option<String>,
    /// The same keys in a JSON object, as older clients send them.
    query: Option<String>,
}

impl Wanted {
    /// A parameter, as it was given or as `query` has it.
    fn choice(given: Option<&String>, query: &Map<String, Value>, key: &str, default: &str) -> String {
        let within = query.get(key).and_then(Value::as_str);
        given.map(String::as_str).or(within).unwrap_or(default).to_owned()
    }
}

fn unverified() -> Error {
    Error::plain("Please verify the parameters")
}

fn list(app: &App, caller: &Caller, asked: Paged<Wanted>) -> Result<Value> {
    let (page, sort) = (asked.page(app)?, asked.sort()?);
    let wanted = &asked.params;
    let query: Map<String, Value> = match wanted.query.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(text).map_err(|_| {
            Error::refused("error-invalid-query", format!("Invalid query parameter provided: \"{text}\""))
        })?,
        None => Map::new(),
    };
    let text = Wanted::choice(wanted.text.as_ref(), &query, "text", "");
    let section = Wanted::choice(wanted.section.as_ref(), &query, "type", "channels");
    let workspace = Wanted::choice(wanted.workspace.as_ref(), &query, "workspace", "local");
    if sort.len() > 1 {
        return Err(Error::plain("This method support only one \"sort\" parameter"));
    }
    if !["local", "external", "all"].contains(&workspace.as_str()) {
        return Err(unverified());
    }
    let sort = sort.into_iter().next().unwrap_or_else(|| ("name".to_owned(), false));
    match section.as_str() {
        "channels" => channels(app, caller, page, sort, &text),
        // Everybody here is from here.
        "users" if workspace == "external" => Ok(page.wrap("result", Vec::new(), 0)),
        "users" => people(app, caller, page, sort, &text, workspace == "all"),
        "teams" => teams(app, caller, page, sort, &text),
        "posts" => Ok(page.wrap("result", Vec::new(), 0)),
        _ => Err(unverified()),
    }
}

/// What channels and teams are sorted by.
const SORTED_BY: [&str; 5] = ["name", "createdAt", "usersCount", "usernames", "lastMessage"];

fn channels(app: &App, caller: &Caller, page: Page, sort: (String, bool), text: &str) -> Result<Value> {
    const SHOWN: [&str; 16] = [
        "_id",
        "name",
        "fname",
        "description",
        "ts",
        "topic",
        "usersCount",
        "t",
        "lastMessage",
        "default",
        "featured",
        "archived",
        "broadcast",
        "teamMain",
        "teamId",
        "prid",
    ];
    if !SORTED_BY.contains(&sort.0.as_str()) || !access::holds(app, &caller.user, "view-c-room")? {
        return Err(unverified());
    }
    let mut found = RoomPage::new(app, page, vec![("featured".to_owned(), false), sort]);
    directory::each_channel(app, &caller.user, text, |room| found.offer(room))?;
    let (rooms, total) = found.finish()?;
    let rows = present::rooms(app, &caller.user.id, &rooms)?;
    Ok(page.wrap("result", rows.into_iter().map(|row| present::only(row, &SHOWN)).collect(), total))
}

/// The main rooms of the teams that the caller may know of.
fn teams(app: &App, caller: &Caller, page: Page, sort: (String, bool), text: &str) -> Result<Value> {
    const SHOWN: [&str; 12] = [
        "_id",
        "name",
        "fname",
        "t",
        "teamMain",
        "teamId",
        "usersCount",
        "ts",
        "default",
        "topic",
        "description",
        "lastMessage",
    ];
    if !SORTED_BY.contains(&sort.0.as_str()) {
        return Err(unverified());
    }
    let mut found = RoomPage::new(app, page, vec![sort]);
    directory::each_team(app, &caller.user, text, |team| found.offer_room(&team.room))?;
    let (rooms, total) = found.finish()?;
    let mut rows = Vec::new();
    for room in rooms {
        let shown = present::room(app, &caller.user.id, &room)?;
        let mut row = present::only(shown, &SHOWN);
        if room.archived {
            row["archived"] = true.into();
        }
        if let Some(team) = Team::of_main(room) {
            // The main room is one of them.
            row["roomsCount"] = (listing::count_rooms(app, &team)? + 1).into();
        }
        rows.push(row);
    }
    Ok(page.wrap("result", rows, total))
}

fn people(
    app: &App,
    caller: &Caller,
    page: Page,
    sort: (String, bool),
    text: &str,
    with_addresses: bool,
) -> Result<Value> {
    const SORTED_BY: [&str; 6] = ["name", "createdAt", "usersCount", "username", "email", "bio"];
    let allowed = access::holds(app, &caller.user, "view-outside-room")?
        && access::holds(app, &caller.user, "view-d-room")?;
    if !SORTED_BY.contains(&sort.0.as_str()) || !allowed {
        return Err(unverified());
    }
    let privileged = access::holds(app, &caller.user, "view-full-other-user-info")?;
    let mut found = TopRows::new(page, vec![sort, ("username".to_owned(), true)]);
    directory::each_person(app, text, with_addresses, |id, person| {
        let mut row = json!({
            "_id": id.as_str(),
            "username": person.username,
            "name": person.name,
            "bio": person.bio,
            "createdAt": person.created.millis(),
        });
        // Nobody sorts by what he does not see.
        if privileged {
            row["email"] = json!(person.email);
        }
        found.offer(row);
        Ok(())
    })?;
    let (rows, total) = found.page();
    let mut people = Vec::new();
    for id in rows.iter().filter_map(|row| row["_id"].as_str()) {
        people.extend(app.store.user(&UserId::new(id))?.map(|user| person(&user, privileged)));
    }
    Ok(page.wrap("result", people, total))
}

fn person(user: &User, privileged: bool) -> Value {
    let full = wire::user(user, wire::Detail::Full);
    let mut keys = vec!["_id", "username", "name", "nickname", "bio", "createdAt", "avatarETag"];
    if privileged {
        keys.push("emails");
    }
    present::only(full, &keys)
}
